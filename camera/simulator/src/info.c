/* Answers to info queries, with the standard's negotiation of type and size, and the last error. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "simulator.h"

static _Thread_local GC_ERROR last_code;
static _Thread_local char last_text[TEXT_BYTES + 256];

GC_ERROR fail(GC_ERROR code, const char *text, ...)
{
    va_list values;
    va_start(values, text);
    vsnprintf(last_text, sizeof last_text, text, values);
    va_end(values);
    return last_code = code;
}

GC_ERROR reply_bytes(Reply reply, INFO_DATATYPE type, const void *data, size_t size)
{
    if (!reply.size)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the size of the answer");
    if (reply.type)
        *reply.type = type;
    size_t room = *reply.size;
    *reply.size = size;
    if (!reply.buffer)
        return GC_ERR_SUCCESS;
    if (room < size)
        return fail(GC_ERR_BUFFER_TOO_SMALL, "the answer needs %zu bytes, there is room for %zu",
                    size, room);
    memcpy(reply.buffer, data, size);
    return GC_ERR_SUCCESS;
}

GC_ERROR reply_text(Reply reply, const char *text)
{
    return reply_bytes(reply, INFO_DATATYPE_STRING, text, strlen(text) + 1);
}

GC_ERROR reply_bool(Reply reply, bool value)
{
    bool8_t byte = value;
    return reply_bytes(reply, INFO_DATATYPE_BOOL8, &byte, sizeof byte);
}

GC_ERROR reply_i32(Reply reply, int32_t value)
{
    return reply_bytes(reply, INFO_DATATYPE_INT32, &value, sizeof value);
}

GC_ERROR reply_u32(Reply reply, uint32_t value)
{
    return reply_bytes(reply, INFO_DATATYPE_UINT32, &value, sizeof value);
}

GC_ERROR reply_u64(Reply reply, uint64_t value)
{
    return reply_bytes(reply, INFO_DATATYPE_UINT64, &value, sizeof value);
}

GC_ERROR reply_size(Reply reply, size_t value)
{
    return reply_bytes(reply, INFO_DATATYPE_SIZET, &value, sizeof value);
}

GC_ERROR reply_pointer(Reply reply, void *value)
{
    return reply_bytes(reply, INFO_DATATYPE_PTR, &value, sizeof value);
}

GC_API GCGetLastError(GC_ERROR *code, char *text, size_t *size)
{
    if (!code || !size)
        return GC_ERR_INVALID_PARAMETER;
    *code = last_code;
    size_t needed = strlen(last_text) + 1, room = *size;
    *size = needed;
    if (!text)
        return GC_ERR_SUCCESS;
    if (room < needed)
        return GC_ERR_BUFFER_TOO_SMALL;
    memcpy(text, last_text, needed);
    return GC_ERR_SUCCESS;
}

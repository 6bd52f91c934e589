/* What the producer says of a buffer: DSGetBufferInfo and its relatives. */
#include <string.h>

#include "simulator.h"

static GC_ERROR not_filled(void)
{
    return fail(GC_ERR_NOT_AVAILABLE, "the buffer holds no picture");
}

static GC_ERROR of_height(const Contents *contents, INFO_CMD command, Reply reply)
{
    if (contents->height_known)
        return reply_size(reply, contents->height);
    if (command == BUFFER_INFO_HEIGHT)
        return reply_size(reply, 0);
    return fail(GC_ERR_NOT_AVAILABLE, "the delivered height is not known");
}

static GC_ERROR of_picture(const Contents *contents, INFO_CMD command, Reply reply)
{
    if (!contents->new_data)
        return not_filled();
    switch (command) {
    case BUFFER_INFO_TIMESTAMP: case BUFFER_INFO_TIMESTAMP_NS:
        return reply_u64(reply, (uint64_t)contents->timestamp_ns);
    case BUFFER_INFO_WIDTH: return reply_size(reply, contents->width);
    case BUFFER_INFO_HEIGHT: case BUFFER_INFO_DELIVERED_IMAGEHEIGHT:
        return of_height(contents, command, reply);
    case BUFFER_INFO_XOFFSET: return reply_size(reply, contents->offset_x);
    case BUFFER_INFO_YOFFSET: return reply_size(reply, contents->offset_y);
    case BUFFER_INFO_XPADDING: return reply_size(reply, contents->padding_bytes);
    case BUFFER_INFO_YPADDING: case BUFFER_INFO_IMAGEOFFSET: return reply_size(reply, 0);
    case BUFFER_INFO_FRAMEID: return reply_u64(reply, contents->frame_id);
    case BUFFER_INFO_PAYLOADTYPE:
        return reply_size(reply,
                          contents->chunk_count ? PAYLOAD_TYPE_CHUNK_DATA : PAYLOAD_TYPE_IMAGE);
    case BUFFER_INFO_DELIVERED_CHUNKPAYLOADSIZE:
        return contents->chunk_count ? reply_size(reply, contents->filled_bytes)
                                     : fail(GC_ERR_NOT_AVAILABLE, "the buffer has no chunk data");
    case BUFFER_INFO_PIXELFORMAT: return reply_u64(reply, contents->pfnc);
    case BUFFER_INFO_PIXELFORMAT_NAMESPACE:
        return reply_u64(reply, PIXELFORMAT_NAMESPACE_PFNC_32BIT);
    case BUFFER_INFO_PIXEL_ENDIANNESS: return reply_i32(reply, PIXELENDIANNESS_LITTLE);
    default: return fail(GC_ERR_NOT_IMPLEMENTED, "buffer info %d is not known", command);
    }
}

static GC_ERROR buffer_info(const Buffer *buffer, INFO_CMD command, Reply reply)
{
    const Contents *contents = &buffer->contents;
    switch (command) {
    case BUFFER_INFO_BASE: return reply_pointer(reply, buffer->base);
    case BUFFER_INFO_SIZE: return reply_size(reply, buffer->size);
    case BUFFER_INFO_USER_PTR: return reply_pointer(reply, buffer->user);
    case BUFFER_INFO_NEW_DATA: return reply_bool(reply, contents->new_data);
    case BUFFER_INFO_IS_QUEUED: return reply_bool(reply, buffer->state != UNQUEUED);
    case BUFFER_INFO_IS_ACQUIRING: return reply_bool(reply, buffer->state == FILLING);
    case BUFFER_INFO_IS_INCOMPLETE: return reply_bool(reply, contents->incomplete);
    case BUFFER_INFO_TLTYPE: return reply_text(reply, TL_TYPE);
    case BUFFER_INFO_SIZE_FILLED: case BUFFER_INFO_DATA_SIZE:
        return reply_size(reply, contents->filled_bytes);
    case BUFFER_INFO_IMAGEPRESENT: return reply_bool(reply, contents->new_data);
    case BUFFER_INFO_DATA_LARGER_THAN_BUFFER:
        return reply_bool(reply, contents->larger_than_buffer);
    case BUFFER_INFO_CONTAINS_CHUNKDATA: return reply_bool(reply, contents->chunk_count > 0);
    default: return of_picture(contents, command, reply);
    }
}

static Buffer *buffer_of(void *stream, void *handle, GC_ERROR *error)
{
    Module *module = find_module(stream, STREAM_MODULE, error);
    return module ? find_buffer(&module->camera->stream, handle, error) : NULL;
}

GC_API DSGetBufferInfo(DS_HANDLE stream, BUFFER_HANDLE handle, INFO_CMD command,
                       INFO_DATATYPE *type, void *value, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    Buffer *buffer = buffer_of(stream, handle, &error);
    return buffer ? buffer_info(buffer, command, (Reply){type, value, size}) : error;
}

GC_API DSGetBufferChunkData(DS_HANDLE stream, BUFFER_HANDLE handle, SINGLE_CHUNK_DATA *chunks,
                            size_t *count)
{
    HOLD_LOCK;
    GC_ERROR error;
    Buffer *buffer = buffer_of(stream, handle, &error);
    if (!buffer)
        return error;
    if (!count)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the number");
    size_t room = *count;
    *count = buffer->contents.chunk_count;
    if (!*count)
        return fail(GC_ERR_NO_DATA, "the buffer has no chunk data");
    if (chunks && room < *count)
        return fail(GC_ERR_BUFFER_TOO_SMALL, "room for %zu of %zu chunks", room, *count);
    if (chunks)
        memcpy(chunks, buffer->contents.chunks, *count * sizeof *chunks);
    return GC_ERR_SUCCESS;
}

GC_API DSGetNumBufferParts(DS_HANDLE stream, BUFFER_HANDLE handle, uint32_t *count)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!buffer_of(stream, handle, &error))
        return error;
    if (count)
        *count = 0;
    return fail(GC_ERR_NO_DATA, "the buffer is not of several parts");
}

GC_API DSGetBufferPartInfo(DS_HANDLE stream, BUFFER_HANDLE handle, uint32_t part,
                           INFO_CMD command, INFO_DATATYPE *type, void *value, size_t *size)
{
    HOLD_LOCK;
    (void)command, (void)type, (void)value, (void)size;
    GC_ERROR error;
    if (!buffer_of(stream, handle, &error))
        return error;
    return fail(GC_ERR_INVALID_INDEX, "part %u of 0", part);
}

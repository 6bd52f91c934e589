/* The new-buffer event of a stream: its queue is the stream's output queue. */
#include <string.h>

#include "simulator.h"

static Stream *find_event(void *handle, GC_ERROR *error)
{
    Module *module = find_module(handle, EVENT_MODULE, error);
    return module ? &module->camera->stream : NULL;
}

GC_API GCRegisterEvent(EVENTSRC_HANDLE source, int32_t kind, EVENT_HANDLE *event)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_port(source, &error);
    if (!module)
        return error;
    if (!event)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the handle");
    if (module->kind != STREAM_MODULE || kind != EVENT_NEW_BUFFER)
        return fail(GC_ERR_NOT_IMPLEMENTED, "the one event is that of new buffers of a stream");
    Stream *stream = &module->camera->stream;
    if (stream->event.open)
        return fail(GC_ERR_RESOURCE_IN_USE, "the event is registered already");
    stream->event.open = true;
    stream->wait_ended = false;
    *event = &stream->event;
    return GC_ERR_SUCCESS;
}

GC_API GCUnregisterEvent(EVENTSRC_HANDLE source, int32_t kind)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_port(source, &error);
    if (!module)
        return error;
    if (module->kind != STREAM_MODULE || kind != EVENT_NEW_BUFFER)
        return fail(GC_ERR_NOT_IMPLEMENTED, "the one event is that of new buffers of a stream");
    Stream *stream = &module->camera->stream;
    if (!stream->event.open)
        return fail(GC_ERR_INVALID_PARAMETER, "the event is not registered");
    stream->event.open = false;
    pthread_cond_broadcast(&stream->changed);
    return GC_ERR_SUCCESS;
}

static int64_t deadline_ns(uint64_t timeout_ms)
{
    if (timeout_ms >= INT64_MAX / 2000000)
        return INT64_MAX;
    return clock_ns() + (int64_t)timeout_ms * 1000000;
}

/* FaultSlowEventMs: the look itself takes its time, whatever the timeout. */
static void be_slow(Stream *stream)
{
    int64_t slow_ms = setting(stream->module.camera, F_FaultSlowEventMs);
    int64_t until_ns = clock_ns() + slow_ms * 1000000;
    while (slow_ms && stream->event.open && !stream->wait_ended && clock_ns() < until_ns)
        wait_until(&stream->changed, until_ns);
}

static GC_ERROR wait_for_buffer(Stream *stream, uint64_t timeout_ms)
{
    be_slow(stream);
    int64_t until_ns = deadline_ns(timeout_ms);
    while (stream->event.open) {
        if (stream->wait_ended) {
            stream->wait_ended = false;
            return fail(GC_ERR_ABORT, "EventKill ended the wait");
        }
        if (stream->output.first)
            return GC_ERR_SUCCESS;
        if (clock_ns() >= until_ns)
            return fail(GC_ERR_TIMEOUT, "no new buffer within the time");
        wait_until(&stream->changed, until_ns);
    }
    return fail(GC_ERR_ABORT, "the event was unregistered during the wait");
}

GC_API EventGetData(EVENT_HANDLE event, void *buffer, size_t *size, uint64_t timeout_ms)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_event(event, &error);
    if (!stream || (error = wait_for_buffer(stream, timeout_ms)))
        return error;
    EVENT_NEW_BUFFER_DATA data = {stream->output.first, stream->output.first->user};
    error = reply_bytes((Reply){NULL, buffer, size}, INFO_DATATYPE_BUFFER, &data, sizeof data);
    if (!error && buffer)
        pop(&stream->output);
    return error;
}

GC_API EventGetDataInfo(EVENT_HANDLE event, const void *data, size_t data_size, INFO_CMD command,
                        INFO_DATATYPE *type, void *buffer, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_event(event, &error))
        return error;
    EVENT_NEW_BUFFER_DATA news;
    if (!data || data_size < sizeof news)
        return fail(GC_ERR_INVALID_PARAMETER, "this is no data of a new-buffer event");
    memcpy(&news, data, sizeof news);
    switch (command) {
    case EVENT_DATA_ID: return reply_pointer((Reply){type, buffer, size}, news.BufferHandle);
    case EVENT_DATA_VALUE: return reply_pointer((Reply){type, buffer, size}, news.pUserPointer);
    default: return fail(GC_ERR_NOT_IMPLEMENTED, "event data info %d is not known", command);
    }
}

GC_API EventGetInfo(EVENT_HANDLE event, INFO_CMD command, INFO_DATATYPE *type, void *buffer,
                    size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_event(event, &error);
    if (!stream)
        return error;
    Reply reply = {type, buffer, size};
    switch (command) {
    case EVENT_EVENT_TYPE: return reply_i32(reply, EVENT_NEW_BUFFER);
    case EVENT_NUM_IN_QUEUE: return reply_size(reply, stream->output.length);
    case EVENT_NUM_FIRED: return reply_u64(reply, stream->delivered);
    case EVENT_SIZE_MAX: return reply_size(reply, sizeof(EVENT_NEW_BUFFER_DATA));
    case EVENT_INFO_DATA_SIZE_MAX: return reply_size(reply, sizeof(void *));
    default: return fail(GC_ERR_NOT_IMPLEMENTED, "event info %d is not known", command);
    }
}

GC_API EventFlush(EVENT_HANDLE event)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_event(event, &error);
    if (!stream)
        return error;
    while (pop(&stream->output))
        continue;
    return GC_ERR_SUCCESS;
}

GC_API EventKill(EVENT_HANDLE event)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_event(event, &error);
    if (!stream)
        return error;
    stream->wait_ended = true;
    pthread_cond_broadcast(&stream->changed);
    return GC_ERR_SUCCESS;
}

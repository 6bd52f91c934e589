/* Streams and their buffers: announced, queued, filled, delivered, revoked. */
#include <stdlib.h>
#include <string.h>

#include "simulator.h"

void push(Queue *queue, Buffer *buffer, BufferState state)
{
    buffer->state = state;
    buffer->next_queued = NULL;
    if (queue->last)
        queue->last->next_queued = buffer;
    else
        queue->first = buffer;
    queue->last = buffer;
    queue->length++;
}

Buffer *pop(Queue *queue)
{
    Buffer *buffer = queue->first;
    if (!buffer)
        return NULL;
    queue->first = buffer->next_queued;
    if (!queue->first)
        queue->last = NULL;
    queue->length--;
    buffer->state = UNQUEUED;
    return buffer;
}

static Stream *find_stream(void *handle, GC_ERROR *error)
{
    Module *module = find_module(handle, STREAM_MODULE, error);
    return module ? &module->camera->stream : NULL;
}

static void discard(Queue *queue)
{
    while (pop(queue))
        continue;
}

static void queue_empty(Stream *stream, Buffer *buffer)
{
    memset(&buffer->contents, 0, sizeof buffer->contents);
    push(&stream->input, buffer, QUEUED);
}

/* Ends the stream's thread; gives the lock away while it waits for it. */
static void end_acquisition(Stream *stream)
{
    if (stream->ending) {
        while (stream->ending)
            wait_until(&stream->changed, INT64_MAX);
        return;
    }
    if (!stream->grabbing)
        return;
    stream->ending = true;
    pthread_cond_broadcast(&stream->module.camera->wake);
    unlock();
    pthread_join(stream->thread, NULL);
    lock();
    stream->grabbing = stream->ending = false;
    pthread_cond_broadcast(&stream->changed);
}

static void forget(Stream *stream, Buffer *buffer)
{
    Buffer **link = &stream->announced;
    while (*link != buffer)
        link = &(*link)->next;
    *link = buffer->next;
    stream->announced_count--;
    free(buffer);
}

void close_stream(Stream *stream)
{
    while (stream->grabbing) /* another thread may start it again while this one waits */
        end_acquisition(stream);
    discard(&stream->input);
    discard(&stream->output);
    while (stream->announced) {
        if (stream->announced->is_ours)
            free(stream->announced->base);
        forget(stream, stream->announced);
    }
    stream->module.open = stream->event.open = false;
    pthread_cond_broadcast(&stream->changed);
}

GC_API DSClose(DS_HANDLE handle)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_stream(handle, &error);
    if (!stream)
        return error;
    close_stream(stream);
    return GC_ERR_SUCCESS;
}

static GC_ERROR announce(void *handle, void *memory, size_t size, void *user, BUFFER_HANDLE *out)
{
    GC_ERROR error;
    Stream *stream = find_stream(handle, &error);
    if (!stream)
        return error;
    if (!size || !out)
        return fail(GC_ERR_INVALID_PARAMETER, "a buffer of no bytes, or no place for the handle");
    for (Buffer *known = stream->announced; known && memory; known = known->next)
        if (known->base == memory)
            return fail(GC_ERR_RESOURCE_IN_USE, "this memory is announced already");
    Buffer *buffer = calloc(1, sizeof *buffer);
    uint8_t *base = memory ? memory : malloc(size);
    if (!buffer || !base) {
        free(buffer);
        if (!memory)
            free(base);
        return fail(GC_ERR_OUT_OF_MEMORY, "no memory for a buffer of %zu bytes", size);
    }
    *buffer = (Buffer){.base = base, .size = size, .is_ours = !memory, .user = user};
    Buffer **end = &stream->announced;
    while (*end)
        end = &(*end)->next;
    *end = buffer;
    stream->announced_count++;
    *out = buffer;
    return GC_ERR_SUCCESS;
}

GC_API DSAnnounceBuffer(DS_HANDLE stream, void *memory, size_t size, void *user,
                        BUFFER_HANDLE *buffer)
{
    HOLD_LOCK;
    if (!memory)
        return fail(GC_ERR_INVALID_PARAMETER, "no memory to announce");
    return announce(stream, memory, size, user, buffer);
}

GC_API DSAllocAndAnnounceBuffer(DS_HANDLE stream, size_t size, void *user, BUFFER_HANDLE *buffer)
{
    HOLD_LOCK;
    return announce(stream, NULL, size, user, buffer);
}

GC_API DSRevokeBuffer(DS_HANDLE handle, BUFFER_HANDLE buffer_handle, void **memory, void **user)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_stream(handle, &error);
    Buffer *buffer = stream ? find_buffer(stream, buffer_handle, &error) : NULL;
    if (!buffer)
        return error;
    if (buffer->state != UNQUEUED)
        return fail(GC_ERR_BUSY, "the buffer is queued: flush it first");
    if (memory)
        *memory = buffer->is_ours ? NULL : buffer->base;
    if (user)
        *user = buffer->user;
    if (buffer->is_ours)
        free(buffer->base);
    forget(stream, buffer);
    return GC_ERR_SUCCESS;
}

GC_API DSQueueBuffer(DS_HANDLE handle, BUFFER_HANDLE buffer_handle)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_stream(handle, &error);
    Buffer *buffer = stream ? find_buffer(stream, buffer_handle, &error) : NULL;
    if (!buffer)
        return error;
    if (buffer->state != UNQUEUED)
        return fail(GC_ERR_RESOURCE_IN_USE, "the buffer is queued already");
    queue_empty(stream, buffer);
    return GC_ERR_SUCCESS;
}

static void wait_for_fill(Stream *stream)
{
    for (Buffer *buffer = stream->announced; buffer;)
        if (buffer->state == FILLING) {
            wait_until(&stream->changed, INT64_MAX);
            buffer = stream->announced;
        } else {
            buffer = buffer->next;
        }
}

static void queue_unqueued(Stream *stream)
{
    for (Buffer *buffer = stream->announced; buffer; buffer = buffer->next)
        if (buffer->state == UNQUEUED)
            queue_empty(stream, buffer);
}

GC_API DSFlushQueue(DS_HANDLE handle, int32_t operation)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_stream(handle, &error);
    if (!stream)
        return error;
    switch (operation) {
    case ACQ_QUEUE_INPUT_TO_OUTPUT:
        for (Buffer *buffer; (buffer = pop(&stream->input));)
            push(&stream->output, buffer, DELIVERED);
        pthread_cond_broadcast(&stream->changed);
        break;
    case ACQ_QUEUE_OUTPUT_DISCARD:
        discard(&stream->output);
        break;
    case ACQ_QUEUE_ALL_TO_INPUT:
        wait_for_fill(stream);
        discard(&stream->output);
        queue_unqueued(stream);
        break;
    case ACQ_QUEUE_UNQUEUED_TO_INPUT:
        queue_unqueued(stream);
        break;
    case ACQ_QUEUE_ALL_DISCARD:
        discard(&stream->input);
        wait_for_fill(stream);
        discard(&stream->output);
        break;
    default:
        return fail(GC_ERR_INVALID_PARAMETER, "flush operation %d is not known", operation);
    }
    return GC_ERR_SUCCESS;
}

GC_API DSStartAcquisition(DS_HANDLE handle, int32_t flags, uint64_t count)
{
    HOLD_LOCK;
    (void)flags;
    GC_ERROR error;
    Stream *stream = find_stream(handle, &error);
    if (!stream)
        return error;
    if (stream->grabbing)
        return fail(GC_ERR_RESOURCE_IN_USE, "acquisition runs already");
    if (!count)
        return fail(GC_ERR_INVALID_PARAMETER, "acquisition of no buffers");
    stream->left = count;
    stream->delivered = stream->underruns = 0;
    stream->ending = false;
    if (pthread_create(&stream->thread, NULL, acquire, stream->module.camera) != 0)
        return fail(GC_ERR_ERROR, "no thread for the stream");
    stream->grabbing = true;
    return GC_ERR_SUCCESS;
}

GC_API DSStopAcquisition(DS_HANDLE handle, int32_t flags)
{
    HOLD_LOCK;
    (void)flags;
    GC_ERROR error;
    Stream *stream = find_stream(handle, &error);
    if (!stream)
        return error;
    if (!stream->grabbing)
        return fail(GC_ERR_RESOURCE_IN_USE, "acquisition does not run");
    end_acquisition(stream);
    return GC_ERR_SUCCESS;
}

GC_API DSGetBufferID(DS_HANDLE handle, uint32_t index, BUFFER_HANDLE *out)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_stream(handle, &error);
    if (!stream)
        return error;
    if (!out)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the handle");
    Buffer *buffer = stream->announced;
    for (uint32_t i = 0; buffer && i < index; i++)
        buffer = buffer->next;
    if (!buffer)
        return fail(GC_ERR_INVALID_INDEX, "buffer %u of %zu", index, stream->announced_count);
    *out = buffer;
    return GC_ERR_SUCCESS;
}

GC_API DSGetParentDev(DS_HANDLE handle, DEV_HANDLE *device)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_stream(handle, &error);
    if (!stream)
        return error;
    if (!device)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the handle");
    *device = &stream->module.camera->device;
    return GC_ERR_SUCCESS;
}

GC_API DSGetInfo(DS_HANDLE handle, INFO_CMD command, INFO_DATATYPE *type, void *buffer,
                 size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    Stream *stream = find_stream(handle, &error);
    if (!stream)
        return error;
    Reply reply = {type, buffer, size};
    switch (command) {
    case STREAM_INFO_ID: return reply_text(reply, STREAM_ID);
    case STREAM_INFO_NUM_DELIVERED: return reply_u64(reply, stream->delivered);
    case STREAM_INFO_NUM_UNDERRUN: return reply_u64(reply, stream->underruns);
    case STREAM_INFO_NUM_ANNOUNCED: return reply_size(reply, stream->announced_count);
    case STREAM_INFO_NUM_QUEUED: return reply_size(reply, stream->input.length);
    case STREAM_INFO_NUM_AWAIT_DELIVERY: return reply_size(reply, stream->output.length);
    case STREAM_INFO_NUM_STARTED: return reply_u64(reply, stream->delivered);
    case STREAM_INFO_IS_GRABBING: return reply_bool(reply, stream->grabbing);
    case STREAM_INFO_DEFINES_PAYLOADSIZE: return reply_bool(reply, false);
    case STREAM_INFO_TLTYPE: return reply_text(reply, TL_TYPE);
    case STREAM_INFO_NUM_CHUNKS_MAX: return reply_size(reply, CHUNKS);
    case STREAM_INFO_BUF_ANNOUNCE_MIN: return reply_size(reply, 1);
    case STREAM_INFO_BUF_ALIGNMENT: return reply_size(reply, 1);
    default: return fail(GC_ERR_NOT_IMPLEMENTED, "stream info %d is not known", command);
    }
}

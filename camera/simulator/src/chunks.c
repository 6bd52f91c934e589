/* Chunk data: what is known of a picture, behind it in its buffer. */
#include <string.h>

#include "simulator.h"

enum { ALIGNMENT = 8 };

static size_t values_in(unsigned chunk) { return chunk == COUNTERS_CHUNK - 1 ? COUNTERS : 1; }

static size_t aligned(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static bool is_wanted(const Camera *camera, unsigned chunk)
{
    return setting(camera, F_ReplayChunks) && setting(camera, F_ChunkModeActive)
           && camera->values[F_ChunkEnable][chunk].integer;
}

size_t with_chunks(const Camera *camera, size_t picture_bytes)
{
    size_t bytes = 0;
    for (unsigned chunk = 0; chunk < CHUNKS; chunk++)
        if (is_wanted(camera, chunk))
            bytes += values_in(chunk) * sizeof(Value);
    return bytes ? aligned(picture_bytes) + bytes : picture_bytes;
}

/* The counters are those that the picture's trigger found, not those of now: a trigger may have
 * waited while others came. */
ChunkValues chunk_values(const Camera *camera, uint64_t frame_id, int64_t timestamp_ns)
{
    ChunkValues chunks = {0};
    Value *next = chunks.values;
    (next++)->integer = (int64_t)frame_id;
    (next++)->integer = timestamp_ns;
    for (unsigned counter = 0; counter < COUNTERS; counter++)
        next[counter] = camera->values[F_CounterValue][counter];
    if (is_triggered(camera))
        next[COUNT_TRIGGERS].integer = camera->taken_trigger;
    next += COUNTERS;
    (next++)->number = number_setting(camera, F_ExposureTime);
    next->integer = line_levels(camera);
    for (unsigned chunk = 0; chunk < CHUNKS; chunk++)
        chunks.wanted[chunk] = is_wanted(camera, chunk);
    return chunks;
}

/* All that are wanted, or as many as the buffer has room for. */
void write_chunks(const ChunkValues *chunks, Buffer *buffer, Contents *contents)
{
    const Value *value = chunks->values;
    size_t at = aligned(contents->filled_bytes);
    for (unsigned chunk = 0; chunk < CHUNKS; value += values_in(chunk++)) {
        size_t bytes = values_in(chunk) * sizeof(Value);
        if (!chunks->wanted[chunk])
            continue;
        if (at + bytes > buffer->size) {
            contents->larger_than_buffer = true;
            return;
        }
        memcpy(buffer->base + at, value, bytes);
        contents->chunks[contents->chunk_count++] =
            (SINGLE_CHUNK_DATA){chunk + 1, (ptrdiff_t)at, bytes};
        contents->filled_bytes = at += bytes;
    }
}

/* A camera at work: when it takes pictures, what they become, and which faults befall them. */
#include <math.h>
#include <string.h>

#include "simulator.h"

static const int64_t SECOND_NS = 1000000000, MILLISECOND_NS = 1000000;

void start_camera(Camera *camera)
{
    if (camera->acquiring)
        return;
    camera->acquiring = true;
    camera->frozen = false;
    camera->next_frame_id = camera->taken = 0;
    camera->next_frame_ns = camera->next_edge_ns = clock_ns();
    camera->ready_ns = 0;
    pthread_cond_broadcast(&camera->wake);
}

void stop_camera(Camera *camera)
{
    camera->acquiring = false;
    forget_triggers(camera);
    pthread_cond_broadcast(&camera->wake);
}

void lose_power(Camera *camera)
{
    int64_t gone_ms = setting(camera, F_FaultGoneMs);
    camera->gone_until_ns = gone_ms ? clock_ns() + gone_ms * MILLISECOND_NS : INT64_MAX;
    camera->session_lost = true;
    stop_camera(camera);
}

/* The place in the file of the next picture; false when it is not written yet. */
static bool find_next(const Camera *camera, uint32_t *index)
{
    uint32_t count = frames_count(&camera->frames);
    uint64_t next = (uint64_t)setting(camera, F_ReplayNextFrame);
    if (next >= count && (setting(camera, F_ReplayAtEnd) == WAIT || count == 0))
        return false;
    *index = (uint32_t)(next < count ? next : 0);
    return true;
}

/* When the next picture is due; INT64_MAX while nothing asks for one. */
static int64_t frame_due_ns(Camera *camera, int64_t now_ns)
{
    uint32_t index;
    if (camera->frozen)
        return INT64_MAX;
    if (is_triggered(camera) && !camera->pending_triggers)
        return INT64_MAX;
    if (!find_next(camera, &index)) {
        if (camera->next_frame_ns < now_ns)
            camera->next_frame_ns = now_ns;
        return now_ns + MILLISECOND_NS; /* looks into the file again */
    }
    if (!is_triggered(camera))
        return camera->next_frame_ns;
    int64_t triggered_ns = camera->triggers[0].at_ns;
    return triggered_ns > camera->ready_ns ? triggered_ns : camera->ready_ns;
}

/* The picture that comes next is of the part that triggered it: those that went by unseen are passed
 * over. */
static void pass_over_unseen(Camera *camera)
{
    if (!is_triggered(camera))
        return;
    int64_t *next = &camera->values[F_ReplayNextFrame][0].integer;
    uint32_t count = frames_count(&camera->frames);
    *next += camera->triggers[0].unseen_parts;
    camera->triggers[0].unseen_parts = 0;
    if (setting(camera, F_ReplayAtEnd) == REPEAT && count && *next >= count)
        *next %= count;
}

static int64_t interval_ns(const Camera *camera, uint32_t index)
{
    if (setting(camera, F_ReplayTiming) == AS_RECORDED && index + 1 < frames_count(&camera->frames)) {
        int64_t recorded = frame_row(&camera->frames, index + 1).timestamp_ns
                           - frame_row(&camera->frames, index).timestamp_ns;
        if (recorded > 0)
            return recorded;
    }
    return (int64_t)(1e9 / frame_rate_hz(camera));
}

static void plan_next(Camera *camera, uint32_t index, int64_t due_ns)
{
    if (is_triggered(camera)) {
        camera->taken_trigger = camera->triggers[0].number;
        memmove(camera->triggers, camera->triggers + 1,
                --camera->pending_triggers * sizeof *camera->triggers);
        camera->ready_ns = due_ns + (int64_t)(1000 * number_setting(camera, F_ExposureTime));
        return;
    }
    camera->next_frame_ns = due_ns + interval_ns(camera, index);
    int64_t now_ns = clock_ns();
    if (camera->next_frame_ns < now_ns - SECOND_NS) /* the host stood still: do not catch up */
        camera->next_frame_ns = now_ns;
}

static bool befalls(const Camera *camera, unsigned every_nth)
{
    int64_t nth = setting(camera, every_nth);
    return nth && camera->taken % (uint64_t)nth == 0;
}

static bool is_past(const Camera *camera, unsigned after)
{
    int64_t frames = setting(camera, after);
    return frames && camera->taken > (uint64_t)frames;
}

/* All that filling a buffer needs, so that it can be done without the lock. */
typedef struct {
    const PixelFormat *from, *to;
    const uint8_t *picture, *picture_before;
    size_t from_stride;
    uint32_t lines;      /* that are delivered */
    uint32_t torn_from;  /* lines from here on are of the picture before */
    Contents contents;
    ChunkValues chunks;
} Shot;

/* GigE Vision 1 counts 1 to 65535 and 1 again, and leaves 0 out. */
static uint64_t id_on_the_wire(const Camera *camera, uint64_t count)
{
    uint64_t first = (uint64_t)setting(camera, F_ReplayFirstFrameId);
    if (setting(camera, F_ReplayFrameIds) == IDS_OF_64_BITS)
        return first + count;
    return 1 + ((first ? first - 1 : 0) + count) % 65535;
}

static Shot plan_shot(Camera *camera, uint32_t index, int64_t due_ns)
{
    const Frames *frames = &camera->frames;
    uint32_t before = (index ? index : frames_count(frames)) - 1;
    uint32_t height = (uint32_t)setting(camera, F_Height);
    uint64_t frame_id = id_on_the_wire(camera, camera->next_frame_id - 1);
    Shot shot = {
        .from = frames->format,
        .to = pixel_format(camera),
        .picture = frame_pixels(frames, index),
        .picture_before = frame_pixels(frames, before),
        .from_stride = line_bytes(frames->format, frames->width),
        .lines = befalls(camera, F_FaultIncompleteEveryNth) ? height / 2 : height,
        .torn_from = befalls(camera, F_FaultTornEveryNth) ? height / 2 : height,
        .contents = {
            .new_data = true,
            .incomplete = befalls(camera, F_FaultIncompleteEveryNth),
            .height_known = !setting(camera, F_FaultHeightZero),
            .frame_id = frame_id,
            .timestamp_ns = due_ns,
            .pfnc = (uint32_t)setting(camera, F_PixelFormat),
            .width = (uint32_t)setting(camera, F_Width),
            .height = height,
            .offset_x = (uint32_t)setting(camera, F_OffsetX),
            .offset_y = (uint32_t)setting(camera, F_OffsetY),
            .padding_bytes = (uint32_t)setting(camera, F_FaultLinePadding),
        },
        .chunks = chunk_values(camera, frame_id, due_ns),
    };
    double factor = number_setting(camera, F_ExposureTime) / 1000
                    * pow(10, number_setting(camera, F_Gain) / 20);
    set_response(&camera->response, shot.from->bits, shot.to->bits, factor,
                 number_setting(camera, F_BlackLevel) / 100);
    return shot;
}

/* Writes as many whole lines as the buffer has room for. */
static void fill(Camera *camera, const Shot *shot, Buffer *buffer)
{
    Contents contents = shot->contents;
    size_t bytes = line_bytes(shot->to, contents.width), stride = bytes + contents.padding_bytes;
    size_t at = 0;
    for (uint32_t line = 0; line < shot->lines; line++, at += stride) {
        if (at + stride > buffer->size) {
            contents.larger_than_buffer = true;
            break;
        }
        const uint8_t *picture = line < shot->torn_from ? shot->picture : shot->picture_before;
        uint32_t y = contents.offset_y + line;
        convert_line(shot->from, picture + y * shot->from_stride, contents.offset_x, y,
                     contents.width, &camera->response, shot->to, buffer->base + at,
                     camera->scratch);
        memset(buffer->base + at + bytes, 0xA5, contents.padding_bytes);
    }
    contents.filled_bytes = at;
    if (!contents.incomplete && !contents.larger_than_buffer) /* they come last, and are missing first */
        write_chunks(&shot->chunks, buffer, &contents);
    buffer->contents = contents;
}

static void deliver(Stream *stream, Buffer *buffer)
{
    push(&stream->output, buffer, DELIVERED);
    stream->delivered++;
    if (stream->left != GENTL_INFINITE)
        stream->left--;
    pthread_cond_broadcast(&stream->changed);
}

static void hand_over(Camera *camera, uint32_t index, int64_t due_ns)
{
    Stream *stream = &camera->stream;
    Buffer *buffer = stream->left ? pop(&stream->input) : NULL;
    if (!buffer) {
        stream->underruns++;
        return;
    }
    Shot shot = plan_shot(camera, index, due_ns);
    int64_t late_ms = befalls(camera, F_FaultLateEveryNth) ? setting(camera, F_FaultLateMs) : 0;
    int64_t deliver_ns = late_ms ? clock_ns() + late_ms * MILLISECOND_NS : 0;
    buffer->state = FILLING;
    unlock();
    fill(camera, &shot, buffer);
    lock();
    while (clock_ns() < deliver_ns && !stream->ending)
        wait_until(&camera->wake, deliver_ns);
    deliver(stream, buffer);
}

static void stop_when_enough(Camera *camera)
{
    int64_t mode = setting(camera, F_AcquisitionMode);
    uint64_t wanted = mode == SINGLE_FRAME  ? 1
                      : mode == MULTI_FRAME ? (uint64_t)setting(camera, F_AcquisitionFrameCount)
                                            : UINT64_MAX;
    if (camera->taken >= wanted)
        stop_camera(camera);
}

static void count_frame_id(Camera *camera)
{
    int64_t id = (int64_t)camera->next_frame_id;
    if (camera->taken > (uint64_t)setting(camera, F_FaultFrameIdJumpAfter)) {
        id += setting(camera, F_FaultFrameIdJump);
        camera->values[F_FaultFrameIdJump][0].integer = 0;
    }
    camera->next_frame_id = (uint64_t)(id < 0 ? 0 : id) + 1;
}

static void take_picture(Camera *camera, int64_t due_ns)
{
    uint32_t index;
    pass_over_unseen(camera);
    if (!find_next(camera, &index))
        return;
    plan_next(camera, index, due_ns);
    camera->taken++;
    if (is_past(camera, F_FaultGoneAfter)) {
        lose_power(camera);
        return;
    }
    if (is_past(camera, F_FaultFreezeAfter)) {
        camera->frozen = true;
        camera->unseen_parts += is_triggered(camera);
        return;
    }
    count_frame_id(camera);
    camera->values[F_CounterValue][COUNT_FRAMES].integer++;
    camera->values[F_ReplayNextFrame][0].integer = (int64_t)index + 1;
    camera->frame_tag = frame_row(&camera->frames, index).tag;
    stop_when_enough(camera);
    if (!befalls(camera, F_FaultDropEveryNth))
        hand_over(camera, index, due_ns);
}

/* When the next part of the file passes the light barrier: as soon as its picture is there, or as far
 * behind the part before it as the file says. */
static int64_t part_due_ns(const Camera *camera, int64_t now_ns)
{
    uint32_t part = camera->parts_come;
    if (part >= frames_count(&camera->frames))
        return now_ns + MILLISECOND_NS; /* looks into the file again */
    if (part == 0 || setting(camera, F_ReplayTiming) != AS_RECORDED)
        return now_ns;
    return camera->part_came_ns + frame_row(&camera->frames, part).timestamp_ns
           - frame_row(&camera->frames, part - 1).timestamp_ns;
}

static int64_t watch_new_parts(Camera *camera, int64_t now_ns)
{
    if (camera->part_in_barrier) {
        set_line0(camera, &camera->part_in_barrier, false);
        return now_ns;
    }
    int64_t due_ns = part_due_ns(camera, now_ns);
    if (due_ns > now_ns)
        return due_ns;
    camera->parts_come++;
    camera->part_came_ns = now_ns;
    set_line0(camera, &camera->part_in_barrier, true);
    return now_ns + MILLISECOND_NS;
}

/* Parts pass the light barrier: half of each period there is one in it. */
static int64_t watch_barrier(Camera *camera, int64_t now_ns)
{
    if (setting(camera, F_ReplayPartPerFrame))
        return watch_new_parts(camera, now_ns);
    double rate_hz = number_setting(camera, F_ReplayPartRate);
    if (rate_hz <= 0)
        return INT64_MAX;
    if (camera->next_edge_ns <= now_ns) {
        set_line0(camera, &camera->part_in_barrier, !camera->part_in_barrier);
        camera->next_edge_ns += (int64_t)(0.5e9 / rate_hz);
        if (camera->next_edge_ns < now_ns - SECOND_NS)
            camera->next_edge_ns = now_ns;
    }
    return camera->next_edge_ns;
}

void *acquire(void *argument)
{
    Camera *camera = argument;
    HOLD_LOCK;
    while (!camera->stream.ending) {
        int64_t next_ns = INT64_MAX;
        if (camera->acquiring) {
            int64_t now_ns = clock_ns();
            int64_t edge_ns = watch_barrier(camera, now_ns);
            int64_t due_ns = frame_due_ns(camera, now_ns);
            if (due_ns <= now_ns) {
                take_picture(camera, due_ns);
                continue;
            }
            next_ns = edge_ns < due_ns ? edge_ns : due_ns;
        }
        wait_until(&camera->wake, next_ns);
    }
    return NULL;
}

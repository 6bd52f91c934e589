/* The settings of a camera: what is read, what is refused, and what a change changes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulator.h"

static const Feature *feature_at(unsigned index) { return &camera_features.features[index]; }

int64_t setting(const Camera *camera, unsigned feature) { return camera->values[feature][0].integer; }

double number_setting(const Camera *camera, unsigned feature)
{
    return camera->values[feature][0].number;
}

const PixelFormat *pixel_format(const Camera *camera)
{
    return pixel_format_of((uint32_t)setting(camera, F_PixelFormat));
}

static int64_t width_max(const Camera *camera)
{
    unsigned step = pixel_format(camera)->group_px;
    return camera->frames.width / step * step;
}

static int64_t offset_step(const Camera *camera)
{
    bool mosaic = camera->frames.format->scene == BAYER_RG
                  || pixel_format(camera)->scene == BAYER_RG;
    return mosaic ? 2 : 1;
}

static int64_t room(int64_t free, int64_t step) { return free / step * step; }

/* Brings the region into what pixel format and pictures allow. */
static void fit_region(Camera *camera)
{
    Value *width = camera->values[F_Width], *height = camera->values[F_Height];
    Value *x = camera->values[F_OffsetX], *y = camera->values[F_OffsetY];
    int64_t widest = width_max(camera), tallest = camera->frames.height;
    int64_t step = pixel_format(camera)->group_px;
    if (width->integer > widest)
        width->integer = widest;
    width->integer = width->integer < step ? step : room(width->integer, step);
    if (height->integer > tallest || height->integer < 1)
        height->integer = tallest;
    if (x->integer > widest - width->integer)
        x->integer = widest - width->integer;
    if (y->integer > tallest - height->integer)
        y->integer = tallest - height->integer;
    x->integer = room(x->integer, offset_step(camera));
    y->integer = room(y->integer, offset_step(camera));
}

static void show_whole_frames(Camera *camera)
{
    camera->values[F_PixelFormat][0].integer = camera->frames.format->pfnc;
    camera->values[F_Width][0].integer = camera->frames.width;
    camera->values[F_Height][0].integer = camera->frames.height;
    camera->values[F_OffsetX][0].integer = camera->values[F_OffsetY][0].integer = 0;
    camera->values[F_ReplayNextFrame][0].integer = 0;
    camera->parts_come = 0;
    camera->unseen_parts = 0;
}

static void settings_of_power_on(Camera *camera)
{
    memset(camera->values, 0, sizeof camera->values);
    for (unsigned i = 0; i < F_COUNT; i++)
        for (unsigned s = 0; s < MAX_SELECTED; s++)
            if (feature_at(i)->kind == FLOATING)
                camera->values[i][s].number = feature_at(i)->start;
            else
                camera->values[i][s].integer = (int64_t)feature_at(i)->start;
    for (unsigned line = 1; line < LINES; line++)
        camera->values[F_LineMode][line].integer = 1;
    for (unsigned counter = 0; counter < COUNTERS; counter++)
        camera->values[F_CounterEventSource][counter].integer = counter;
    show_whole_frames(camera);
}

static void reset(Camera *camera)
{
    stop_camera(camera);
    settings_of_power_on(camera);
    camera->gone_until_ns = 0;
    camera->latched_ns = 0;
    memcpy(camera->user_sets[0], camera->values, sizeof camera->values);
}

void power_on(Camera *camera)
{
    if (!camera->frames.format)
        use_frames(camera, "");
    reset(camera);
    for (unsigned set = 1; set < USER_SETS; set++)
        memcpy(camera->user_sets[set], camera->values, sizeof camera->values);
    *camera->user_id = 0;
}

bool is_gone(Camera *camera)
{
    if (!camera->gone_until_ns)
        return false;
    if (clock_ns() < camera->gone_until_ns)
        return true;
    reset(camera);
    return false;
}

bool use_frames(Camera *camera, const char *path)
{
    Frames frames;
    if (!frames_open(&frames, path, camera->unusable, sizeof camera->unusable))
        return false;
    *camera->unusable = 0;
    frames_close(&camera->frames);
    camera->frames = frames;
    snprintf(camera->frames_path, sizeof camera->frames_path, "%s", path);
    show_whole_frames(camera);
    return true;
}

static bool load_user_set(Camera *camera)
{
    if (camera->acquiring || setting(camera, F_TLParamsLocked))
        return false;
    int64_t set = setting(camera, F_UserSetSelector);
    for (unsigned i = 0; i < F_COUNT; i++)
        if (i != F_UserSetSelector && i != F_TLParamsLocked && feature_at(i)->access & WO)
            memcpy(camera->values[i], camera->user_sets[set][i], sizeof camera->values[i]);
    if (camera->frames.width < pixel_format(camera)->group_px)
        show_whole_frames(camera);
    fit_region(camera);
    return true;
}

size_t payload_size(const Camera *camera)
{
    size_t bytes = line_bytes(pixel_format(camera), (uint32_t)setting(camera, F_Width));
    size_t stride = bytes + (size_t)setting(camera, F_FaultLinePadding);
    return with_chunks(camera, stride * (size_t)setting(camera, F_Height));
}

double frame_rate_hz(const Camera *camera)
{
    double possible = 1e6 / number_setting(camera, F_ExposureTime);
    double wanted = number_setting(camera, F_AcquisitionFrameRate);
    return setting(camera, F_AcquisitionFrameRateEnable) && wanted < possible ? wanted : possible;
}

int64_t line_levels(const Camera *camera)
{
    int64_t levels = 0;
    for (unsigned line = 0; line < LINES; line++)
        levels |= (int64_t)is_line_high(camera, line) << line;
    return levels;
}

static unsigned slot_of(const Camera *camera, unsigned feature)
{
    const char *selector = feature_at(feature)->selector;
    return selector ? (unsigned)setting(camera, feature_index(&camera_features, selector)) : 0;
}

static int64_t read_integer(const Camera *camera, unsigned feature)
{
    const Frames *frames = &camera->frames;
    int64_t replaced;
    switch (feature) {
    case F_SensorWidth: return frames->width;
    case F_SensorHeight: case F_HeightMax: return frames->height;
    case F_WidthMax: return width_max(camera);
    case F_WidthStep: return pixel_format(camera)->group_px;
    case F_OffsetStep: return offset_step(camera);
    case F_WidthRoom:
        return room(width_max(camera) - setting(camera, F_OffsetX), pixel_format(camera)->group_px);
    case F_HeightRoom: return frames->height - setting(camera, F_OffsetY);
    case F_OffsetXRoom:
        return room(width_max(camera) - setting(camera, F_Width), offset_step(camera));
    case F_OffsetYRoom:
        return room(frames->height - setting(camera, F_Height), offset_step(camera));
    case F_PayloadSize:
        replaced = setting(camera, F_FaultPayloadSize);
        return replaced ? replaced : (int64_t)payload_size(camera);
    case F_TimestampLatchValue: return camera->latched_ns;
    case F_PtpStatus: case F_PtpServoStatus: return setting(camera, F_PtpEnable);
    case F_LineStatus: return is_line_high(camera, slot_of(camera, feature));
    case F_LineStatusAll: return line_levels(camera);
    case F_ReplayFrameCount: return frames_count(frames);
    case F_ReplayFrameTag: return (int64_t)camera->frame_tag;
    default: return camera->values[feature][slot_of(camera, feature)].integer;
    }
}

/* A sensor that warms up by a tenth of a degree for each hertz. */
static double read_number(const Camera *camera, unsigned feature)
{
    switch (feature) {
    case F_AcquisitionResultingFrameRate: return frame_rate_hz(camera);
    case F_DeviceTemperature: {
        double board = camera->acquiring ? 35 + fmin(frame_rate_hz(camera), 200) / 10 : 35;
        return slot_of(camera, feature) == 0 ? board + 5 : board;
    }
    default: return camera->values[feature][slot_of(camera, feature)].number;
    }
}

static void read_text(const Camera *camera, unsigned feature, char text[TEXT_BYTES])
{
    switch (feature) {
    case F_DeviceVendorName: snprintf(text, TEXT_BYTES, "%s", VENDOR); break;
    case F_DeviceModelName: snprintf(text, TEXT_BYTES, "%s", CAMERA_MODEL); break;
    case F_DeviceVersion: snprintf(text, TEXT_BYTES, "%s", VERSION_TEXT); break;
    case F_DeviceSerialNumber: camera_serial(camera, text); break;
    case F_DeviceUserID: snprintf(text, TEXT_BYTES, "%s", camera->user_id); break;
    default: snprintf(text, TEXT_BYTES, "%s", camera->frames_path); break;
    }
}

GC_ERROR read_camera(Camera *camera, unsigned feature, Value *value, char text[TEXT_BYTES])
{
    if (feature_at(feature)->chunk)
        return fail(GC_ERR_INVALID_ADDRESS, "%s is in the buffers only", feature_at(feature)->name);
    if (!(feature_at(feature)->access & RO))
        return fail(GC_ERR_ACCESS_DENIED, "%s cannot be read", feature_at(feature)->name);
    if (feature_at(feature)->kind == STRING)
        read_text(camera, feature, text);
    else if (feature_at(feature)->kind == FLOATING)
        value->number = read_number(camera, feature);
    else
        value->integer = read_integer(camera, feature);
    return GC_ERR_SUCCESS;
}

static int64_t limit(const Camera *camera, const char *from, double fixed)
{
    return from ? read_integer(camera, feature_index(&camera_features, from)) : (int64_t)fixed;
}

static bool is_in_range(const Camera *camera, const Feature *feature, Value value)
{
    if (feature->kind == BOOLEAN)
        return value.integer == 0 || value.integer == 1;
    for (const Entry *entry = feature->entries; entry; entry++)
        if (!entry->name)
            return false;
        else if (entry->value == value.integer)
            return true;
    if (feature->kind == FLOATING) /* written so that NaN is out */
        return value.number >= feature->min && value.number <= feature->max;
    if (feature->kind != INTEGER)
        return true;
    int64_t step = limit(camera, feature->step_from, 1);
    return value.integer >= limit(camera, feature->min_from, feature->min)
           && value.integer <= limit(camera, feature->max_from, feature->max)
           && value.integer % step == 0;
}

static GC_ERROR run_command(Camera *camera, unsigned feature)
{
    switch (feature) {
    case F_AcquisitionStart: start_camera(camera); break;
    case F_AcquisitionStop: stop_camera(camera); break;
    case F_TriggerSoftware:
        if (setting(camera, F_TriggerSource) == TRIGGER_BY_SOFTWARE)
            trigger(camera);
        break;
    case F_DeviceReset: reset(camera); break;
    case F_TimestampLatch: camera->latched_ns = clock_ns(); break;
    case F_CounterReset:
        camera->values[F_CounterValue][setting(camera, F_CounterSelector)].integer = 0;
        break;
    case F_UserSetLoad:
        if (!load_user_set(camera))
            return fail(GC_ERR_ACCESS_DENIED, "a user set cannot be loaded during acquisition");
        break;
    case F_UserSetSave:
        if (setting(camera, F_UserSetSelector) == 0)
            return fail(GC_ERR_ACCESS_DENIED, "the user set Default cannot be changed");
        memcpy(camera->user_sets[setting(camera, F_UserSetSelector)], camera->values,
               sizeof camera->values);
        break;
    }
    return GC_ERR_SUCCESS;
}

/* What is written comes back in answers and error texts, which this producer says are UTF-8. */
static bool is_utf8(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        int more = *at < 0x80 ? 0 : *at >> 5 == 6 ? 1 : *at >> 4 == 14 ? 2 : *at >> 3 == 30 ? 3 : -1;
        for (; more > 0; more--)
            if (*++at >> 6 != 2)
                return false;
        if (more < 0)
            return false;
    }
    return true;
}

static GC_ERROR write_text(Camera *camera, unsigned feature, const char *text)
{
    if (!is_utf8(text))
        return fail(GC_ERR_INVALID_VALUE, "%s: the text is not UTF-8", feature_at(feature)->name);
    if (feature == F_DeviceUserID) {
        if (strlen(text) >= NAME_BYTES)
            return fail(GC_ERR_INVALID_VALUE, "DeviceUserID has more than 63 bytes");
        snprintf(camera->user_id, sizeof camera->user_id, "%s", text);
        return GC_ERR_SUCCESS;
    }
    if (camera->stream.grabbing)
        return fail(GC_ERR_ACCESS_DENIED, "ReplayFrames cannot be written during acquisition");
    char usable_before = !*camera->unusable;
    if (use_frames(camera, text))
        return GC_ERR_SUCCESS;
    GC_ERROR error = fail(GC_ERR_INVALID_VALUE, "%s", camera->unusable);
    if (usable_before)
        *camera->unusable = 0; /* it goes on with the pictures it has */
    return error;
}

GC_ERROR write_camera(Camera *camera, unsigned index, Value value, const char *text)
{
    const Feature *feature = feature_at(index);
    if (!(feature->access & WO))
        return fail(GC_ERR_ACCESS_DENIED, "%s cannot be written", feature->name);
    if (feature->access & LOCKED && setting(camera, F_TLParamsLocked))
        return fail(GC_ERR_ACCESS_DENIED, "%s is locked during acquisition", feature->name);
    if (feature->kind == COMMAND)
        return value.integer ? run_command(camera, index) : GC_ERR_SUCCESS;
    if (feature->kind == STRING)
        return write_text(camera, index, text);
    if (!is_in_range(camera, feature, value))
        return fail(GC_ERR_INVALID_VALUE, "%s: the value is out of its range", feature->name);
    if (index == F_PixelFormat
        && camera->frames.width < pixel_format_of((uint32_t)value.integer)->group_px)
        return fail(GC_ERR_INVALID_VALUE, "PixelFormat: the pictures are too narrow for it");
    if (index == F_ReplayLine0) {
        bool level = setting(camera, F_ReplayLine0);
        set_line0(camera, &level, value.integer);
    }
    camera->values[index][slot_of(camera, index)] = value;
    if (index == F_PixelFormat)
        fit_region(camera);
    if (index == F_ReplayNextFrame)
        camera->unseen_parts = 0;
    if (index == F_ReplayPartRate)
        camera->next_edge_ns = clock_ns();
    pthread_cond_broadcast(&camera->wake);
    return GC_ERR_SUCCESS;
}

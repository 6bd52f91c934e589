#define _GNU_SOURCE
#include "frames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 1, MAX_SIDE_PX = 32768, TEST_SIDE_PX = 400, TEST_COUNT = 8 };

static uint8_t test_pictures[TEST_COUNT][TEST_SIDE_PX][TEST_SIDE_PX];

/* A ramp that moves from picture to picture, so that a viewer shows life. */
static void draw_test_pictures(void)
{
    if (test_pictures[0][0][1])
        return;
    for (int n = 0; n < TEST_COUNT; n++)
        for (int y = 0; y < TEST_SIDE_PX; y++)
            for (int x = 0; x < TEST_SIDE_PX; x++)
                test_pictures[n][y][x] = (uint8_t)(x + y + n * (256 / TEST_COUNT));
}

static void use_test_pictures(Frames *frames)
{
    draw_test_pictures();
    *frames = (Frames){
        .format = pixel_format_of(0x01080001),
        .width = TEST_SIDE_PX,
        .height = TEST_SIDE_PX,
        .capacity = TEST_COUNT,
        .frame_bytes = sizeof *test_pictures,
        .pixels = test_pictures[0][0],
    };
}

static const char *check_header(const FramesHeader *header, size_t file_bytes, Frames *frames)
{
    if (file_bytes < sizeof *header || memcmp(header->magic, "PLFRAMES", 8) != 0)
        return "it is not a frames file";
    if (header->version != VERSION)
        return "it is of another version than 1";
    frames->format = pixel_format_of(header->pfnc);
    if (!frames->format || !is_unpacked(frames->format))
        return "its pixel format is none of the unpacked ones that can be replayed";
    if (!header->width || !header->height || header->width > MAX_SIDE_PX
        || header->height > MAX_SIDE_PX)
        return "its pictures are empty, or have a side of more than 32768 pixels";
    frames->width = header->width;
    frames->height = header->height;
    frames->capacity = header->capacity;
    frames->frame_bytes = line_bytes(frames->format, header->width) * header->height;
    uint64_t rows = (uint64_t)header->capacity * sizeof(FrameRow);
    uint64_t pixels = (uint64_t)header->capacity * frames->frame_bytes;
    if (!header->capacity || header->table_at % sizeof(uint64_t)
        || header->table_at > file_bytes || rows > file_bytes - header->table_at
        || header->pixels_at > file_bytes || pixels > file_bytes - header->pixels_at)
        return "it is shorter than its header says";
    if (header->count > header->capacity)
        return "it counts more pictures than it has room for";
    return NULL;
}

bool frames_open(Frames *frames, const char *path, char *why, size_t why_size)
{
    use_test_pictures(frames);
    if (!*path)
        return true;
    const char *fault = NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        fault = strerror(errno);
    } else if (!S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof(FramesHeader)) {
        fault = "it is not a frames file";
    } else {
        size_t bytes = (size_t)status.st_size;
        const uint8_t *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, file, 0);
        if (map == MAP_FAILED) {
            fault = strerror(errno);
        } else if ((fault = check_header((const FramesHeader *)map, bytes, frames))) {
            munmap((void *)map, bytes);
        } else {
            const FramesHeader *header = (const FramesHeader *)map;
            frames->map = map;
            frames->map_bytes = bytes;
            frames->pixels = map + header->pixels_at;
            frames->rows = (const FrameRow *)(map + header->table_at);
        }
    }
    if (file >= 0)
        close(file);
    if (fault) {
        use_test_pictures(frames);
        snprintf(why, why_size, "frames file %s: %s", path, fault);
    }
    return !fault;
}

void frames_close(Frames *frames)
{
    if (frames->map)
        munmap((void *)frames->map, frames->map_bytes);
    *frames = (Frames){0};
}

uint32_t frames_count(const Frames *frames)
{
    if (!frames->map)
        return frames->capacity;
    const FramesHeader *header = (const FramesHeader *)frames->map;
    uint32_t count = __atomic_load_n(&header->count, __ATOMIC_ACQUIRE);
    return count < frames->capacity ? count : frames->capacity;
}

const uint8_t *frame_pixels(const Frames *frames, uint32_t index)
{
    return frames->pixels + (size_t)index * frames->frame_bytes;
}

FrameRow frame_row(const Frames *frames, uint32_t index)
{
    return frames->rows ? frames->rows[index] : (FrameRow){0, index};
}

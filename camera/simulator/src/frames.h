/* Raw pictures written by Python into a file, mapped into memory; see docs/simulator.md. */
#ifndef PASSLINE_FRAMES_H
#define PASSLINE_FRAMES_H

#include "pixels.h"

/* All numbers little-endian. Pictures follow each other from `pixels_at`, lines without padding. */
typedef struct {
    char magic[8]; /* "PLFRAMES" */
    uint32_t version;
    uint32_t pfnc;
    uint32_t width, height;
    uint32_t capacity;  /* pictures that there is room for */
    uint32_t count;     /* pictures written so far: written last, may grow while it is replayed */
    uint64_t table_at;  /* one FrameRow per picture */
    uint64_t pixels_at;
    uint64_t reserved[2];
} FramesHeader;

typedef struct {
    int64_t timestamp_ns; /* when the picture was taken; only differences count */
    uint64_t tag;         /* what the writer calls it, for example the part's number */
} FrameRow;

typedef struct {
    const uint8_t *map; /* NULL: the built-in test picture */
    size_t map_bytes;
    const PixelFormat *format;
    uint32_t width, height, capacity;
    size_t frame_bytes;
    const uint8_t *pixels;
    const FrameRow *rows;
} Frames;

/* Opens a file, or the built-in test picture for an empty path. False with a reason in `why`. */
bool frames_open(Frames *frames, const char *path, char *why, size_t why_size);
void frames_close(Frames *frames);
uint32_t frames_count(const Frames *frames);
const uint8_t *frame_pixels(const Frames *frames, uint32_t index);
FrameRow frame_row(const Frames *frames, uint32_t index);

#endif

/* Pixel formats by their PFNC names, and lines of samples brought into them. */
#ifndef PASSLINE_PIXELS_H
#define PASSLINE_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { GREY, BAYER_RG, COLOUR } Scene;
typedef enum {
    IN_BYTES,       /* one byte a sample */
    IN_WORDS,       /* two bytes a sample, low byte first */
    LSB_PACKED_10,  /* Mono10p: bits in a row from the lowest, 4 pixels in 5 bytes */
    LSB_PACKED_12,  /* Mono12p: 2 pixels in 3 bytes */
    GIGE_PACKED_10, /* Mono10Packed: high bits first and last, the low bits of both between them */
    GIGE_PACKED_12, /* Mono12Packed */
    IN_RGB,
    IN_BGR,
    IN_YUYV
} Layout;

typedef struct {
    const char *name;
    uint32_t pfnc;
    Scene scene;
    Layout layout;
    unsigned bits;         /* that count in a sample */
    unsigned group_px;     /* pixels that share bytes; a line is made of whole groups */
    unsigned group_bytes;
} PixelFormat;

extern const PixelFormat pixel_formats[];
extern const unsigned pixel_format_count;

const PixelFormat *pixel_format_of(uint32_t pfnc);
size_t line_bytes(const PixelFormat *format, uint32_t width);
bool is_unpacked(const PixelFormat *format);

/* The camera's answer to light: out = min(full, floor(in * factor * 2^(to - from bits) + black)).
 * A table for every sample value; `is_identity` when it changes nothing. */
typedef struct {
    unsigned from_bits, to_bits;
    double factor, black_share;
    bool is_identity;
    uint16_t table[65536];
} Response;

/* Brings the table up to date; `black_share` is a share of the full scale, 0 to 1. */
void set_response(Response *response, unsigned from_bits, unsigned to_bits, double factor,
                  double black_share);

/* One line, from pixel `x` on, of a picture in an unpacked format. `scratch` holds 3 * width. */
void convert_line(const PixelFormat *from, const uint8_t *from_line, uint32_t x, uint32_t y,
                  uint32_t width, const Response *response, const PixelFormat *to,
                  uint8_t *to_line, uint16_t *scratch);

#endif

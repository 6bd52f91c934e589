#include "pixels.h"

#include <string.h>

/* Codes: EMVA, GenICam Pixel Format Naming Convention, table of values. */
const PixelFormat pixel_formats[] = {
    {"Mono8", 0x01080001, GREY, IN_BYTES, 8, 1, 1},
    {"Mono10", 0x01100003, GREY, IN_WORDS, 10, 1, 2},
    {"Mono10p", 0x010A0046, GREY, LSB_PACKED_10, 10, 4, 5},
    {"Mono10Packed", 0x010C0004, GREY, GIGE_PACKED_10, 10, 2, 3},
    {"Mono12", 0x01100005, GREY, IN_WORDS, 12, 1, 2},
    {"Mono12p", 0x010C0047, GREY, LSB_PACKED_12, 12, 2, 3},
    {"Mono12Packed", 0x010C0006, GREY, GIGE_PACKED_12, 12, 2, 3},
    {"Mono16", 0x01100007, GREY, IN_WORDS, 16, 1, 2},
    {"BayerRG8", 0x01080009, BAYER_RG, IN_BYTES, 8, 1, 1},
    {"BayerRG10", 0x0110000D, BAYER_RG, IN_WORDS, 10, 1, 2},
    {"BayerRG10p", 0x010A0058, BAYER_RG, LSB_PACKED_10, 10, 4, 5},
    {"BayerRG10Packed", 0x010C0027, BAYER_RG, GIGE_PACKED_10, 10, 2, 3},
    {"BayerRG12", 0x01100011, BAYER_RG, IN_WORDS, 12, 1, 2},
    {"BayerRG12p", 0x010C0059, BAYER_RG, LSB_PACKED_12, 12, 2, 3},
    {"BayerRG12Packed", 0x010C002B, BAYER_RG, GIGE_PACKED_12, 12, 2, 3},
    {"RGB8", 0x02180014, COLOUR, IN_RGB, 8, 1, 3},
    {"BGR8", 0x02180015, COLOUR, IN_BGR, 8, 1, 3},
    {"YUV422_8", 0x02100032, COLOUR, IN_YUYV, 8, 2, 4},
};
const unsigned pixel_format_count = sizeof pixel_formats / sizeof *pixel_formats;

const PixelFormat *pixel_format_of(uint32_t pfnc)
{
    for (unsigned i = 0; i < pixel_format_count; i++)
        if (pixel_formats[i].pfnc == pfnc)
            return &pixel_formats[i];
    return NULL;
}

size_t line_bytes(const PixelFormat *format, uint32_t width)
{
    return (size_t)width / format->group_px * format->group_bytes;
}

bool is_unpacked(const PixelFormat *format)
{
    switch (format->layout) {
    case IN_BYTES: case IN_WORDS: case IN_RGB: case IN_BGR: return true;
    default: return false;
    }
}

void set_response(Response *response, unsigned from_bits, unsigned to_bits, double factor,
                  double black_share)
{
    if (response->from_bits == from_bits && response->to_bits == to_bits
        && response->factor == factor && response->black_share == black_share)
        return;
    double full = (double)((1u << to_bits) - 1);
    double scale = factor * (double)(1u << to_bits) / (double)(1u << from_bits);
    double black = black_share * full;
    for (uint32_t in = 0; in < 1u << from_bits; in++) {
        double out = in * scale + black;
        response->table[in] = (uint16_t)(out >= full ? full : out);
    }
    response->from_bits = from_bits;
    response->to_bits = to_bits;
    response->factor = factor;
    response->black_share = black_share;
    response->is_identity = from_bits == to_bits && factor == 1 && black_share == 0;
}

/* A sample of a file's line. More bits than the format has would leave the table. */
static uint16_t word_at(const uint8_t *line, size_t index, unsigned bits)
{
    uint16_t word = (uint16_t)(line[2 * index] | line[2 * index + 1] << 8);
    return (uint16_t)(word & ((1u << bits) - 1));
}

static void gather_grey(const PixelFormat *from, const uint8_t *line, uint32_t x, uint32_t width,
                        uint16_t *samples)
{
    if (from->layout == IN_BYTES)
        for (uint32_t i = 0; i < width; i++)
            samples[i] = line[x + i];
    else
        for (uint32_t i = 0; i < width; i++)
            samples[i] = word_at(line, x + i, from->bits);
}

static void gather_rgb(const PixelFormat *from, const uint8_t *line, uint32_t x, uint32_t width,
                       uint16_t *samples)
{
    if (from->scene != COLOUR) {
        gather_grey(from, line, x, width, samples);
        for (uint32_t i = width; i-- > 0;)
            samples[3 * i] = samples[3 * i + 1] = samples[3 * i + 2] = samples[i];
        return;
    }
    unsigned red = from->layout == IN_RGB ? 0 : 2;
    for (uint32_t i = 0; i < width; i++) {
        const uint8_t *pixel = line + 3 * ((size_t)x + i);
        samples[3 * i] = pixel[red];
        samples[3 * i + 1] = pixel[1];
        samples[3 * i + 2] = pixel[2 - red];
    }
}

/* Colour to one sample a pixel: the mosaic's own colour, or the luma of ITU-R BT.601. */
static void gather_single(const PixelFormat *from, const uint8_t *line, uint32_t x, uint32_t y,
                          uint32_t width, Scene scene, uint16_t *samples)
{
    if (from->scene != COLOUR) {
        gather_grey(from, line, x, width, samples);
        return;
    }
    unsigned red = from->layout == IN_RGB ? 0 : 2;
    for (uint32_t i = 0; i < width; i++) {
        const uint8_t *pixel = line + 3 * ((size_t)x + i);
        unsigned r = pixel[red], g = pixel[1], b = pixel[2 - red];
        bool odd_column = (x + i) & 1, odd_line = y & 1;
        if (scene == BAYER_RG)
            samples[i] = (uint16_t)(odd_column != odd_line ? g : odd_line ? b : r);
        else
            samples[i] = (uint16_t)((299 * r + 587 * g + 114 * b + 500) / 1000);
    }
}

/* Lsb-packed: the samples' bits one after the other, from the lowest bit of the first byte on. */
static void pack_10p(const uint16_t *samples, uint32_t width, uint8_t *out)
{
    for (uint32_t i = 0; i + 3 < width; i += 4, out += 5) {
        uint64_t four = samples[i] | (uint64_t)samples[i + 1] << 10 | (uint64_t)samples[i + 2] << 20
                        | (uint64_t)samples[i + 3] << 30;
        for (unsigned byte = 0; byte < 5; byte++)
            out[byte] = (uint8_t)(four >> 8 * byte);
    }
}

static void pack_12p(const uint16_t *samples, uint32_t width, uint8_t *out)
{
    for (uint32_t i = 0; i + 1 < width; i += 2, out += 3) {
        out[0] = (uint8_t)samples[i];
        out[1] = (uint8_t)(samples[i] >> 8 | samples[i + 1] << 4);
        out[2] = (uint8_t)(samples[i + 1] >> 4);
    }
}

static void pack_gige(const uint16_t *samples, uint32_t width, unsigned bits, uint8_t *out)
{
    unsigned low = bits - 8, mask = (1u << low) - 1;
    for (uint32_t i = 0; i + 1 < width; i += 2, out += 3) {
        out[0] = (uint8_t)(samples[i] >> low);
        out[1] = (uint8_t)((samples[i] & mask) | (samples[i + 1] & mask) << 4);
        out[2] = (uint8_t)(samples[i + 1] >> low);
    }
}

static uint8_t byte_of(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Full-range ITU-R BT.601, as PFNC's YUV; a pair's colour is that of the mean of both pixels. */
static void pack_yuyv(const uint16_t *rgb, uint32_t width, uint8_t *out)
{
    for (uint32_t i = 0; i + 1 < width; i += 2, rgb += 6, out += 4) {
        int r = (rgb[0] + rgb[3]) / 2, g = (rgb[1] + rgb[4]) / 2, b = (rgb[2] + rgb[5]) / 2;
        out[0] = byte_of((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
        out[1] = byte_of((-169 * r - 331 * g + 500 * b + 128500) / 1000);
        out[2] = byte_of((299 * rgb[3] + 587 * rgb[4] + 114 * rgb[5] + 500) / 1000);
        out[3] = byte_of((500 * r - 419 * g - 81 * b + 128500) / 1000);
    }
}

static void pack(const PixelFormat *to, const uint16_t *samples, uint32_t width, uint8_t *out)
{
    switch (to->layout) {
    case IN_BYTES:
        for (uint32_t i = 0; i < width; i++)
            out[i] = (uint8_t)samples[i];
        break;
    case IN_WORDS:
        for (uint32_t i = 0; i < width; i++) {
            out[2 * (size_t)i] = (uint8_t)samples[i];
            out[2 * (size_t)i + 1] = (uint8_t)(samples[i] >> 8);
        }
        break;
    case LSB_PACKED_10:
        pack_10p(samples, width, out);
        break;
    case LSB_PACKED_12:
        pack_12p(samples, width, out);
        break;
    case GIGE_PACKED_10: case GIGE_PACKED_12:
        pack_gige(samples, width, to->bits, out);
        break;
    case IN_RGB:
        for (size_t i = 0; i < 3 * (size_t)width; i++)
            out[i] = (uint8_t)samples[i];
        break;
    case IN_BGR:
        for (size_t i = 0; i < 3 * (size_t)width; i += 3) {
            out[i] = (uint8_t)samples[i + 2];
            out[i + 1] = (uint8_t)samples[i + 1];
            out[i + 2] = (uint8_t)samples[i];
        }
        break;
    case IN_YUYV:
        pack_yuyv(samples, width, out);
        break;
    }
}

void convert_line(const PixelFormat *from, const uint8_t *from_line, uint32_t x, uint32_t y,
                  uint32_t width, const Response *response, const PixelFormat *to,
                  uint8_t *to_line, uint16_t *scratch)
{
    if (from == to && response->is_identity) {
        memcpy(to_line, from_line + line_bytes(from, x), line_bytes(to, width));
        return;
    }
    size_t samples = to->scene == COLOUR ? 3 * (size_t)width : width;
    if (to->scene == COLOUR)
        gather_rgb(from, from_line, x, width, scratch);
    else
        gather_single(from, from_line, x, y, width, to->scene, scratch);
    if (!response->is_identity)
        for (size_t i = 0; i < samples; i++)
            scratch[i] = response->table[scratch[i]];
    pack(to, scratch, width, to_line);
}

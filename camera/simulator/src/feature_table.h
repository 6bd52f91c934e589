/* Tables of features: what a node map shows, and what a register accepts. */
#ifndef PASSLINE_FEATURE_TABLE_H
#define PASSLINE_FEATURE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { INTEGER, FLOATING, ENUMERATION, BOOLEAN, COMMAND, STRING } FeatureKind;
typedef enum {
    RO = 1,
    WO = 2,
    RW = RO | WO,
    LOCKED = 4,       /* cannot be written while TLParamsLocked is set */
    RW_LOCKED = RW | LOCKED
} FeatureAccess;

typedef struct {
    const char *name;
    int64_t value;
} Entry;

typedef struct {
    const char *name;
    FeatureKind kind;
    FeatureAccess access;
    const char *category; /* NULL: serves other features, shown nowhere */
    double min, max;      /* both 0: not limited */
    double start;         /* after power-on; entries and booleans by their value */
    const char *unit;
    const char *min_from, *max_from, *step_from; /* features that hold the limit */
    const Entry *entries; /* ends with a name of NULL */
    const char *selector;
    const char *tip;
    const char *offered_by; /* a boolean; NULL: always offered */
    unsigned chunk; /* id of the chunk that it is read from; 0: the camera itself */
} Feature;

typedef struct {
    const Feature *features;
    unsigned count;
    const char *port;  /* as PORT_INFO_PORTNAME */
    const char *model;
} FeatureTable;

typedef union {
    int64_t integer;
    double number;
} Value;

enum { TEXT_BYTES = 1024, FEATURES_AT = 0x10000, FEATURE_STRIDE = 0x400, XML_AT = 0x1000000 };

/* Features of the camera itself: F_Width, ... are their places in the table. */
enum {
#define FEATURE(NAME, ...) F_##NAME,
#include "camera_features.def"
#undef FEATURE
    F_COUNT
};

enum { TRIGGER_BY_SOFTWARE, TRIGGER_BY_LINE0 };
enum { RISING_EDGE, FALLING_EDGE, ANY_EDGE };
enum { CONTINUOUS, SINGLE_FRAME, MULTI_FRAME };
enum { AT_FRAME_RATE, AS_RECORDED };
enum { REPEAT, WAIT };
enum { COUNT_TRIGGERS, COUNT_FRAMES, COUNT_MISSED_TRIGGERS, COUNTERS };
/* Ids of chunks; ChunkSelector counts them from 0. */
enum { FRAME_ID_CHUNK = 1, TIMESTAMP_CHUNK, COUNTERS_CHUNK, EXPOSURE_CHUNK, LINES_CHUNK, CHUNKS = 5 };
enum { IDS_OF_64_BITS, IDS_OF_16_BITS };
enum { LINES = 3, USER_OUTPUTS = 2, TEMPERATURES = 2, USER_SETS = 3, MAX_SELECTED = 5 };

extern const FeatureTable camera_features;
extern const FeatureTable system_features, interface_features, device_features, stream_features;

/* The GenApi description of a table; lives as long as the process. */
const char *node_map_xml(const FeatureTable *table, size_t *bytes);
/* The place of a feature in its table; it must be there. */
unsigned feature_index(const FeatureTable *table, const char *name);

#endif

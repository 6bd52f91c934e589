/* The state of the producer: one system, one interface, up to eight cameras, one stream each.
 *
 * All of it is static and guarded by one lock; a handle is the address of a module here or of an
 * announced buffer, so a wrong or closed handle is told from a right one without touching it. */
#ifndef PASSLINE_SIMULATOR_H
#define PASSLINE_SIMULATOR_H

#include <pthread.h>

#include "feature_table.h"
#include "frames.h"
#include "gentl.h"

enum { MAX_CAMERAS = 8, MAX_PENDING_TRIGGERS = 16, NAME_BYTES = 64 };

#define VENDOR "Passline"
#define CAMERA_MODEL "Virtual Camera"
#define SYSTEM_ID "PasslineSimulator"
#define INTERFACE_ID "PasslineSimulator-0"
#define STREAM_ID "Stream0"
#define VERSION_TEXT "1.0.0"
#define TL_TYPE "Custom"

typedef enum { SYSTEM_MODULE, INTERFACE_MODULE, DEVICE_MODULE, PORT_MODULE, STREAM_MODULE,
               EVENT_MODULE } ModuleKind;

typedef struct Camera Camera;

typedef struct {
    ModuleKind kind;
    bool open;
    Camera *camera; /* NULL for system and interface */
} Module;

typedef enum { UNQUEUED, QUEUED, FILLING, DELIVERED } BufferState;

/* What the producer says of a buffer's contents. */
typedef struct {
    bool new_data, incomplete, larger_than_buffer, height_known;
    size_t filled_bytes;
    uint64_t frame_id;
    int64_t timestamp_ns;
    uint32_t pfnc, width, height, offset_x, offset_y, padding_bytes;
    unsigned chunk_count;
    SINGLE_CHUNK_DATA chunks[CHUNKS];
} Contents;

/* The values of a picture's chunks, in the order of their ids; a chunk may hold several. */
typedef struct {
    Value values[CHUNKS - 1 + COUNTERS];
    bool wanted[CHUNKS];
} ChunkValues;

/* A trigger that waits for the sensor, the camera's count of it, and how many parts went by without a
 * picture since the trigger before. */
typedef struct {
    int64_t at_ns, number, unseen_parts;
} Trigger;

typedef struct Buffer {
    struct Buffer *next;        /* of all that are announced */
    struct Buffer *next_queued; /* of the queue that it is in */
    BufferState state;
    uint8_t *base;
    size_t size;
    bool is_ours; /* allocated here */
    void *user;
    Contents contents;
} Buffer;

typedef struct {
    Buffer *first, *last;
    size_t length;
} Queue;

typedef struct {
    Module module, event;
    Buffer *announced;
    size_t announced_count;
    Queue input, output;
    bool grabbing, ending, wait_ended;
    uint64_t left; /* buffers still to deliver */
    uint64_t delivered, underruns;
    pthread_t thread;
    pthread_cond_t changed; /* output, a finished fill, or the end of a wait */
} Stream;

typedef Value Settings[F_COUNT][MAX_SELECTED];

struct Camera {
    unsigned number;
    Module device, port;
    Stream stream;
    Settings values, user_sets[USER_SETS];
    char user_id[NAME_BYTES];
    char frames_path[TEXT_BYTES];
    char unusable[TEXT_BYTES + 128]; /* why it cannot be opened, or empty */
    Frames frames;
    Response response;
    uint16_t scratch[3 * 32768];
    int64_t latched_ns;
    bool acquiring, frozen, session_lost;
    int64_t gone_until_ns; /* 0: it is there */
    uint64_t next_frame_id, taken;
    int64_t next_frame_ns, ready_ns, next_edge_ns;
    Trigger triggers[MAX_PENDING_TRIGGERS]; /* that wait; the oldest comes first */
    unsigned pending_triggers;
    int64_t unseen_parts;  /* since the last trigger that waits, or waited */
    int64_t taken_trigger; /* number of the last one that became a picture */
    bool part_in_barrier;
    uint32_t parts_come; /* with ReplayPartPerFrame, of this file */
    int64_t part_came_ns;
    uint64_t frame_tag;
    pthread_cond_t wake;
};

typedef struct {
    bool initialised;
    Module system, interface;
    Camera cameras[MAX_CAMERAS];
    unsigned camera_count;
    Camera *listed[MAX_CAMERAS]; /* found by the last update of the device list */
    unsigned listed_count;
} Producer;

extern Producer producer;

/* The one lock: held from here to the end of the block. */
typedef struct { char unused; } Held;
Held take_lock(void);
void release_lock(Held *held);
void wait_until(pthread_cond_t *condition, int64_t deadline_ns); /* gives the lock away meanwhile */
void unlock(void);
void lock(void);
#define HOLD_LOCK Held held_ __attribute__((cleanup(release_lock), unused)) = take_lock()

int64_t clock_ns(void);

/* info.c: errors and answers */
GC_ERROR fail(GC_ERROR code, const char *text, ...) __attribute__((format(printf, 2, 3)));
typedef struct {
    INFO_DATATYPE *type;
    void *buffer;
    size_t *size;
} Reply;
GC_ERROR reply_bytes(Reply reply, INFO_DATATYPE type, const void *data, size_t size);
GC_ERROR reply_text(Reply reply, const char *text);
GC_ERROR reply_bool(Reply reply, bool value);
GC_ERROR reply_i32(Reply reply, int32_t value);
GC_ERROR reply_u32(Reply reply, uint32_t value);
GC_ERROR reply_u64(Reply reply, uint64_t value);
GC_ERROR reply_size(Reply reply, size_t value);
GC_ERROR reply_pointer(Reply reply, void *value);

/* modules.c: handles. `module` of that kind, or NULL with the error set. */
Module *find_module(void *handle, ModuleKind kind, GC_ERROR *error);
Module *find_port(void *handle, GC_ERROR *error); /* any module but an event */
Buffer *find_buffer(Stream *stream, void *handle, GC_ERROR *error);
void camera_id(const Camera *camera, char id[NAME_BYTES]);
void camera_serial(const Camera *camera, char serial[NAME_BYTES]);

/* camera.c: settings */
void power_on(Camera *camera);
bool is_gone(Camera *camera);
bool use_frames(Camera *camera, const char *path);
int64_t setting(const Camera *camera, unsigned feature);
double number_setting(const Camera *camera, unsigned feature);
const PixelFormat *pixel_format(const Camera *camera);
size_t payload_size(const Camera *camera);
double frame_rate_hz(const Camera *camera);
GC_ERROR read_camera(Camera *camera, unsigned feature, Value *value, char text[TEXT_BYTES]);
GC_ERROR write_camera(Camera *camera, unsigned feature, Value value, const char *text);
bool is_line_high(const Camera *camera, unsigned line);
int64_t line_levels(const Camera *camera);

/* trigger.c */
void trigger(Camera *camera);
void forget_triggers(Camera *camera);
void set_line0(Camera *camera, bool *input, bool level);
bool is_triggered(const Camera *camera);

/* chunks.c */
size_t with_chunks(const Camera *camera, size_t picture_bytes);
ChunkValues chunk_values(const Camera *camera, uint64_t frame_id, int64_t timestamp_ns);
void write_chunks(const ChunkValues *chunks, Buffer *buffer, Contents *contents);

/* acquire.c */
void start_camera(Camera *camera);
void stop_camera(Camera *camera);
void lose_power(Camera *camera);
void *acquire(void *camera);

/* stream.c */
void push(Queue *queue, Buffer *buffer, BufferState state);
Buffer *pop(Queue *queue);
void close_stream(Stream *stream);
void close_device(Camera *camera);

#endif

/* A consumer that does everything wrong, run under the sanitizers. Arguments: frames files. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feature_table.h"
#include "gentl.h"
#include "pixels.h"

#define EXPECT(CONDITION)                                                      \
    do {                                                                       \
        if (!(CONDITION)) {                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #CONDITION);    \
            abort();                                                           \
        }                                                                      \
    } while (0)

enum { DEVICE_TEXT = 64, BUFFERS = 4 };

typedef struct {
    TL_HANDLE system;
    IF_HANDLE interface;
    DEV_HANDLE device;
    PORT_HANDLE port;
    DS_HANDLE stream;
    EVENT_HANDLE event;
} Session;

static GC_ERROR write_value(PORT_HANDLE port, unsigned feature, Value value)
{
    size_t size = sizeof value;
    return GCWritePort(port, FEATURES_AT + feature * (uint64_t)FEATURE_STRIDE, &value, &size);
}

static GC_ERROR set(PORT_HANDLE port, unsigned feature, int64_t integer)
{
    return write_value(port, feature, (Value){.integer = integer});
}

static int64_t get(PORT_HANDLE port, unsigned feature)
{
    Value value = {0};
    size_t size = sizeof value;
    EXPECT(GCReadPort(port, FEATURES_AT + feature * (uint64_t)FEATURE_STRIDE, &value, &size) == 0);
    return value.integer;
}

static GC_ERROR set_text(PORT_HANDLE port, unsigned feature, const char *text)
{
    size_t size = strlen(text) + 1;
    return GCWritePort(port, FEATURES_AT + feature * (uint64_t)FEATURE_STRIDE, text, &size);
}

static Session open_session(void)
{
    Session session;
    bool8_t changed;
    char id[DEVICE_TEXT];
    size_t size = sizeof id;
    EXPECT(GCInitLib() == GC_ERR_SUCCESS);
    EXPECT(TLOpen(&session.system) == GC_ERR_SUCCESS);
    EXPECT(TLUpdateInterfaceList(session.system, &changed, 0) == GC_ERR_SUCCESS);
    EXPECT(TLGetInterfaceID(session.system, 0, id, &size) == GC_ERR_SUCCESS);
    EXPECT(TLOpenInterface(session.system, id, &session.interface) == GC_ERR_SUCCESS);
    EXPECT(IFUpdateDeviceList(session.interface, &changed, 0) == GC_ERR_SUCCESS);
    size = sizeof id;
    EXPECT(IFGetDeviceID(session.interface, 0, id, &size) == GC_ERR_SUCCESS);
    EXPECT(IFOpenDevice(session.interface, id, DEVICE_ACCESS_EXCLUSIVE, &session.device) == 0);
    EXPECT(DevGetPort(session.device, &session.port) == GC_ERR_SUCCESS);
    size = sizeof id;
    EXPECT(DevGetDataStreamID(session.device, 0, id, &size) == GC_ERR_SUCCESS);
    EXPECT(DevOpenDataStream(session.device, id, &session.stream) == GC_ERR_SUCCESS);
    EXPECT(GCRegisterEvent(session.stream, EVENT_NEW_BUFFER, &session.event) == GC_ERR_SUCCESS);
    return session;
}

static void close_session(void)
{
    EXPECT(GCCloseLib() == GC_ERR_SUCCESS); /* with everything still open and running */
}

/* Every function with no handle, a wrong one, one of another module, and nowhere to answer. */
static void wrong_handles(Session session)
{
    char text[DEVICE_TEXT];
    uint32_t count;
    int32_t type;
    uint64_t elsewhere;
    void *handles[] = {NULL, &elsewhere, (void *)1, session.system, session.interface,
                       session.device, session.port, session.stream, session.event};
    for (unsigned i = 0; i < sizeof handles / sizeof *handles; i++) {
        void *any = handles[i];
        size_t size = sizeof text;
        void *out;
        TLGetNumInterfaces(any, NULL);
        TLGetNumInterfaces(any, &count);
        TLGetInterfaceID(any, 7, text, &size);
        TLGetInterfaceInfo(any, NULL, 0, &type, text, &size);
        TLOpenInterface(any, "nothing", &out);
        TLOpenInterface(any, NULL, NULL);
        IFGetDeviceID(any, 99, text, &size);
        IFGetDeviceInfo(any, "nothing", 0, &type, text, &size);
        IFOpenDevice(any, NULL, 0, NULL);
        DevOpenDataStream(any, "nothing", &out);
        DevGetDataStreamID(any, 3, text, &size);
        DSAnnounceBuffer(any, NULL, 4, NULL, &out);
        DSAllocAndAnnounceBuffer(any, 0, NULL, &out);
        DSQueueBuffer(any, &elsewhere);
        DSRevokeBuffer(any, &elsewhere, NULL, NULL);
        DSFlushQueue(any, 77);
        DSGetBufferID(any, 1000, &out);
        DSGetBufferChunkData(any, &elsewhere, NULL, NULL);
        DSGetBufferChunkData(session.stream, any, NULL, &size);
        size = sizeof text;
        GCReadPort(any, UINT64_MAX, text, &size);
        size = SIZE_MAX;
        GCReadPort(any, FEATURES_AT, text, &size);
        GCReadPort(any, XML_AT, text, &size);
        size = 8;
        GCReadPort(any, XML_AT - 4, text, &size);
        GCReadPort(any, FEATURES_AT + 1020, text, &size);
        GCReadPort(any, FEATURES_AT, NULL, NULL);
        GCWritePort(any, FEATURES_AT, NULL, NULL);
        GCReadPortStacked(any, NULL, NULL);
        GCGetPortURL(any, NULL, NULL);
        GCRegisterEvent(any, 99, &out);
        GCUnregisterEvent(any, 99);
        EventGetData(any, NULL, NULL, 0);
        EventGetDataInfo(any, NULL, 0, 0, &type, text, &size);
        for (int command = -1; command < 40; command++) {
            size = 0; /* too small for every answer */
            TLGetInfo(any, command, &type, text, &size);
            IFGetInfo(any, command, NULL, NULL, &size);
            DevGetInfo(any, command, &type, text, NULL);
            DSGetInfo(any, command, &type, text, &size);
            GCGetPortInfo(any, command, &type, NULL, &size);
            GCGetPortURLInfo(any, 0, command, &type, text, &size);
            EventGetInfo(any, command, &type, text, &size);
            DSGetBufferInfo(session.stream, any, command, &type, text, &size);
        }
    }
    size_t size = 0;
    GC_ERROR code;
    EXPECT(GCGetLastError(&code, NULL, &size) == GC_ERR_SUCCESS && size > 1);
    EXPECT(GCInitLib() == GC_ERR_RESOURCE_IN_USE);
    EXPECT(PasslinePowerCycle() == GC_ERR_RESOURCE_IN_USE);
}

/* Chunks lie inside the buffer, and are never written to where there is no room for all. */
static void check_chunks(Session session, BUFFER_HANDLE buffer, size_t buffer_size)
{
    SINGLE_CHUNK_DATA chunks[CHUNKS];
    size_t count = 0;
    GC_ERROR error = DSGetBufferChunkData(session.stream, buffer, NULL, &count);
    if (error == GC_ERR_NO_DATA)
        return;
    EXPECT(error == GC_ERR_SUCCESS && count >= 1 && count <= CHUNKS);
    size_t room = count - 1;
    EXPECT(DSGetBufferChunkData(session.stream, buffer, chunks, &room) == GC_ERR_BUFFER_TOO_SMALL);
    EXPECT(DSGetBufferChunkData(session.stream, buffer, chunks, &count) == GC_ERR_SUCCESS);
    for (size_t i = 0; i < count; i++)
        EXPECT(chunks[i].ChunkOffset >= 0
               && (size_t)chunks[i].ChunkOffset + chunks[i].ChunkLength <= buffer_size);
}

/* One picture into a buffer of exactly `size` bytes, so that one byte too far is an error. */
static void take_one(Session session, size_t size)
{
    uint8_t *memory = malloc(size);
    BUFFER_HANDLE buffer;
    EVENT_NEW_BUFFER_DATA news;
    size_t news_size = sizeof news;
    EXPECT(DSAnnounceBuffer(session.stream, memory, size, memory, &buffer) == GC_ERR_SUCCESS);
    EXPECT(DSQueueBuffer(session.stream, buffer) == GC_ERR_SUCCESS);
    EXPECT(DSQueueBuffer(session.stream, buffer) == GC_ERR_RESOURCE_IN_USE);
    EXPECT(DSRevokeBuffer(session.stream, buffer, NULL, NULL) == GC_ERR_BUSY);
    EXPECT(DSStartAcquisition(session.stream, 0, 1) == GC_ERR_SUCCESS);
    EXPECT(set(session.port, F_AcquisitionStart, 1) == GC_ERR_SUCCESS);
    EXPECT(EventGetData(session.event, &news, &news_size, 10000) == GC_ERR_SUCCESS);
    EXPECT(news.BufferHandle == buffer && news.pUserPointer == memory);
    check_chunks(session, buffer, size);
    EXPECT(EventGetData(session.event, &news, &news_size, 0) == GC_ERR_TIMEOUT);
    EXPECT(DSStopAcquisition(session.stream, 0) == GC_ERR_SUCCESS);
    EXPECT(set(session.port, F_AcquisitionStop, 1) == GC_ERR_SUCCESS);
    EXPECT(DSFlushQueue(session.stream, ACQ_QUEUE_ALL_DISCARD) == GC_ERR_SUCCESS);
    EXPECT(DSRevokeBuffer(session.stream, buffer, NULL, NULL) == GC_ERR_SUCCESS);
    free(memory);
}

/* Every format, at the smallest and largest regions and offsets, padded, torn, cut, and brighter. */
static void every_format(Session session, const char *file)
{
    EXPECT(set_text(session.port, F_ReplayFrames, file) == GC_ERR_SUCCESS);
    for (unsigned i = 0; i < pixel_format_count; i++) {
        EXPECT(set(session.port, F_PixelFormat, pixel_formats[i].pfnc) == GC_ERR_SUCCESS);
        for (int place = 0; place < 3; place++) {
            set(session.port, F_OffsetX, 0);
            set(session.port, F_OffsetY, 0);
            set(session.port, F_Width, get(session.port, place ? F_WidthStep : F_WidthMax));
            set(session.port, F_Height, place ? 1 : get(session.port, F_HeightMax));
            if (place == 2) {
                set(session.port, F_OffsetX, get(session.port, F_OffsetXRoom));
                set(session.port, F_OffsetY, get(session.port, F_OffsetYRoom));
            }
            set(session.port, F_FaultLinePadding, place);
            set(session.port, F_ChunkModeActive, place != 1);
            set(session.port, F_ChunkSelector, i % CHUNKS);
            set(session.port, F_ChunkEnable, 1);
            set(session.port, F_FaultTornEveryNth, place);
            set(session.port, F_FaultIncompleteEveryNth, place == 1);
            write_value(session.port, F_Gain, (Value){.number = 6.0 * place});
            size_t needed = (size_t)get(session.port, F_PayloadSize);
            take_one(session, needed);
            take_one(session, needed > 1 ? needed - 1 : 1);
            take_one(session, 1);
        }
    }
    EXPECT(set(session.port, F_DeviceReset, 1) == GC_ERR_SUCCESS);
}

static atomic_bool over;

static void *read_and_queue(void *argument)
{
    Session *session = argument;
    while (!over) {
        EVENT_NEW_BUFFER_DATA news;
        size_t size = sizeof news;
        if (EventGetData(session->event, &news, &size, 1) == GC_ERR_SUCCESS)
            DSQueueBuffer(session->stream, news.BufferHandle);
        EventKill(session->event);
    }
    return NULL;
}

static void *write_settings(void *argument)
{
    Session *session = argument;
    for (int64_t i = 0; !over; i++) {
        set(session->port, F_PixelFormat, pixel_formats[i % pixel_format_count].pfnc);
        set(session->port, F_OffsetX, i % 7);
        set(session->port, F_FaultFrameIdJump, i % 3);
        set(session->port, F_ChunkModeActive, i % 2);
        set(session->port, F_ChunkSelector, i % CHUNKS);
        set(session->port, F_ChunkEnable, i % 3 > 0);
        set(session->port, F_ReplayFrameIds, i % 2);
        set(session->port, F_ReplayPartRate, 0);
        set_text(session->port, F_ReplayFrames, "");
        set(session->port, i % 50 ? F_TriggerSoftware : F_DeviceReset, 1);
        Value value;
        size_t size = sizeof value;
        GCReadPort(session->port, FEATURES_AT + F_CounterValue * FEATURE_STRIDE, &value, &size);
    }
    return NULL;
}

static void *start_and_stop(void *argument)
{
    Session *session = argument;
    while (!over) {
        BUFFER_HANDLE buffer;
        DSStartAcquisition(session->stream, 0, GENTL_INFINITE);
        set(session->port, F_AcquisitionStart, 1);
        if (DSAllocAndAnnounceBuffer(session->stream, 5000, NULL, &buffer) == GC_ERR_SUCCESS)
            DSQueueBuffer(session->stream, buffer);
        DSFlushQueue(session->stream, ACQ_QUEUE_ALL_TO_INPUT);
        DSStopAcquisition(session->stream, 0);
        DSFlushQueue(session->stream, ACQ_QUEUE_ALL_DISCARD);
        for (uint32_t i = 0; i < 8; i++)
            if (DSGetBufferID(session->stream, 0, &buffer) == GC_ERR_SUCCESS)
                DSRevokeBuffer(session->stream, buffer, NULL, NULL);
    }
    return NULL;
}

/* All at once, on one stream, and the library closed under them. */
static void all_at_once(Session session)
{
    void *(*const work[])(void *) = {read_and_queue, read_and_queue, write_settings,
                                     start_and_stop, start_and_stop};
    pthread_t threads[sizeof work / sizeof *work];
    over = false;
    write_value(session.port, F_AcquisitionFrameRate, (Value){.number = 10000});
    for (unsigned i = 0; i < sizeof work / sizeof *work; i++)
        EXPECT(pthread_create(&threads[i], NULL, work[i], &session) == 0);
    for (int look = 0; look < 3000; look++)
        get(session.port, F_CounterValue);
    EXPECT(DevClose(session.device) == GC_ERR_SUCCESS);
    over = true;
    for (unsigned i = 0; i < sizeof work / sizeof *work; i++)
        pthread_join(threads[i], NULL);
}

int main(int count, char **files)
{
    for (int round = 0; round < 3; round++) {
        Session session = open_session();
        wrong_handles(session);
        for (int i = 1; i < count; i++)
            every_format(session, files[i]);
        DSStartAcquisition(session.stream, 0, GENTL_INFINITE);
        close_session();
        session = open_session();
        all_at_once(session);
        close_session();
    }
    return 0;
}

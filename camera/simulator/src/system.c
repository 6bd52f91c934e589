/* The library, the system and its interface: GC*, TL* and the list of cameras. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator.h"

/* The n-th path of a list with `:` between them; the last one counts for all further cameras. */
static void path_from_environment(unsigned number, char path[TEXT_BYTES])
{
    const char *list = getenv("PASSLINE_SIMULATOR_FRAMES");
    const char *start = list ? list : "";
    for (const char *end; number && (end = strchr(start, ':')); number--)
        start = end + 1;
    size_t length = strcspn(start, ":");
    snprintf(path, TEXT_BYTES, "%.*s", (int)(length < TEXT_BYTES ? length : TEXT_BYTES - 1), start);
}

static unsigned count_from_environment(void)
{
    const char *text = getenv("PASSLINE_SIMULATOR_CAMERAS");
    long count = text ? strtol(text, NULL, 10) : 1;
    return count < 1 ? 1 : count > MAX_CAMERAS ? MAX_CAMERAS : (unsigned)count;
}

static void build_camera(Camera *camera, unsigned number)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&camera->wake, &monotonic);
    pthread_cond_init(&camera->stream.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    camera->number = number;
    camera->device = (Module){DEVICE_MODULE, false, camera};
    camera->port = (Module){PORT_MODULE, false, camera};
    camera->stream.module = (Module){STREAM_MODULE, false, camera};
    camera->stream.event = (Module){EVENT_MODULE, false, camera};
    power_on(camera);
}

static void build_cameras(void)
{
    static bool built;
    producer.system.kind = SYSTEM_MODULE;
    producer.interface.kind = INTERFACE_MODULE;
    for (unsigned i = 0; i < MAX_CAMERAS && !built; i++)
        build_camera(&producer.cameras[i], i);
    built = true;
}

GC_API GCInitLib(void)
{
    HOLD_LOCK;
    if (producer.initialised)
        return fail(GC_ERR_RESOURCE_IN_USE, "GCInitLib was called before in this process");
    build_cameras();
    producer.camera_count = count_from_environment();
    for (unsigned i = 0; i < MAX_CAMERAS; i++) {
        char path[TEXT_BYTES];
        path_from_environment(i, path);
        if (*path || *producer.cameras[i].frames_path)
            use_frames(&producer.cameras[i], path);
    }
    producer.listed_count = 0;
    producer.initialised = true;
    return GC_ERR_SUCCESS;
}

static void close_system(void)
{
    for (unsigned i = 0; i < MAX_CAMERAS; i++)
        close_device(&producer.cameras[i]);
    producer.interface.open = producer.system.open = false;
}

GC_API GCCloseLib(void)
{
    HOLD_LOCK;
    if (!producer.initialised)
        return fail(GC_ERR_NOT_INITIALIZED, "GCInitLib was not called");
    close_system();
    producer.initialised = false;
    return GC_ERR_SUCCESS;
}

GC_API PasslinePowerCycle(void)
{
    HOLD_LOCK;
    if (producer.initialised)
        return fail(GC_ERR_RESOURCE_IN_USE, "the producer is in use: GCCloseLib first");
    build_cameras();
    for (unsigned i = 0; i < MAX_CAMERAS; i++) {
        power_on(&producer.cameras[i]);
        use_frames(&producer.cameras[i], "");
    }
    return GC_ERR_SUCCESS;
}

static GC_ERROR system_info(INFO_CMD command, Reply reply)
{
    Dl_info library;
    const char *path = dladdr((void *)&GCInitLib, &library) ? library.dli_fname : "";
    const char *name = strrchr(path, '/');
    switch (command) {
    case TL_INFO_ID: return reply_text(reply, SYSTEM_ID);
    case TL_INFO_VENDOR: return reply_text(reply, VENDOR);
    case TL_INFO_MODEL: return reply_text(reply, "Simulator");
    case TL_INFO_VERSION: return reply_text(reply, VERSION_TEXT);
    case TL_INFO_TLTYPE: return reply_text(reply, TL_TYPE);
    case TL_INFO_NAME: return reply_text(reply, name ? name + 1 : path);
    case TL_INFO_PATHNAME: return reply_text(reply, path);
    case TL_INFO_DISPLAYNAME: return reply_text(reply, "Passline simulator");
    case TL_INFO_CHAR_ENCODING: return reply_i32(reply, 1);
    case TL_INFO_GENTL_VER_MAJOR: return reply_u32(reply, 1);
    case TL_INFO_GENTL_VER_MINOR: return reply_u32(reply, 5);
    default: return fail(GC_ERR_NOT_IMPLEMENTED, "system info %d is not known", command);
    }
}

GC_API GCGetInfo(INFO_CMD command, INFO_DATATYPE *type, void *buffer, size_t *size)
{
    return system_info(command, (Reply){type, buffer, size});
}

GC_API TLOpen(TL_HANDLE *system)
{
    HOLD_LOCK;
    if (!producer.initialised)
        return fail(GC_ERR_NOT_INITIALIZED, "GCInitLib was not called");
    if (!system)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the handle");
    if (producer.system.open)
        return fail(GC_ERR_RESOURCE_IN_USE, "the system is open already");
    producer.system.open = true;
    *system = &producer.system;
    return GC_ERR_SUCCESS;
}

GC_API TLClose(TL_HANDLE system)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(system, SYSTEM_MODULE, &error))
        return error;
    close_system();
    return GC_ERR_SUCCESS;
}

GC_API TLGetInfo(TL_HANDLE system, INFO_CMD command, INFO_DATATYPE *type, void *buffer,
                 size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(system, SYSTEM_MODULE, &error))
        return error;
    return system_info(command, (Reply){type, buffer, size});
}

GC_API TLGetNumInterfaces(TL_HANDLE system, uint32_t *count)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(system, SYSTEM_MODULE, &error))
        return error;
    if (!count)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the number");
    *count = 1;
    return GC_ERR_SUCCESS;
}

GC_API TLGetInterfaceID(TL_HANDLE system, uint32_t index, char *id, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(system, SYSTEM_MODULE, &error))
        return error;
    if (index != 0)
        return fail(GC_ERR_INVALID_INDEX, "interface %u of 1", index);
    return reply_text((Reply){NULL, id, size}, INTERFACE_ID);
}

static GC_ERROR interface_info(INFO_CMD command, Reply reply)
{
    switch (command) {
    case INTERFACE_INFO_ID: return reply_text(reply, INTERFACE_ID);
    case INTERFACE_INFO_DISPLAYNAME: return reply_text(reply, "Passline virtual cameras");
    case INTERFACE_INFO_TLTYPE: return reply_text(reply, TL_TYPE);
    default: return fail(GC_ERR_NOT_IMPLEMENTED, "interface info %d is not known", command);
    }
}

static GC_ERROR check_interface_id(const char *id)
{
    if (!id)
        return fail(GC_ERR_INVALID_PARAMETER, "no interface id");
    if (strcmp(id, INTERFACE_ID) != 0)
        return fail(GC_ERR_INVALID_ID, "no interface %s; there is " INTERFACE_ID, id);
    return GC_ERR_SUCCESS;
}

GC_API TLGetInterfaceInfo(TL_HANDLE system, const char *id, INFO_CMD command, INFO_DATATYPE *type,
                          void *buffer, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(system, SYSTEM_MODULE, &error) || (error = check_interface_id(id)))
        return error;
    return interface_info(command, (Reply){type, buffer, size});
}

GC_API TLOpenInterface(TL_HANDLE system, const char *id, IF_HANDLE *interface)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(system, SYSTEM_MODULE, &error) || (error = check_interface_id(id)))
        return error;
    if (!interface)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the handle");
    if (producer.interface.open)
        return fail(GC_ERR_RESOURCE_IN_USE, "the interface is open already");
    producer.interface.open = true;
    *interface = &producer.interface;
    return GC_ERR_SUCCESS;
}

GC_API TLUpdateInterfaceList(TL_HANDLE system, bool8_t *changed, uint64_t timeout_ms)
{
    HOLD_LOCK;
    (void)timeout_ms;
    GC_ERROR error;
    if (!find_module(system, SYSTEM_MODULE, &error))
        return error;
    if (changed)
        *changed = false;
    return GC_ERR_SUCCESS;
}

GC_API IFGetInfo(IF_HANDLE interface, INFO_CMD command, INFO_DATATYPE *type, void *buffer,
                 size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(interface, INTERFACE_MODULE, &error))
        return error;
    return interface_info(command, (Reply){type, buffer, size});
}

GC_API IFGetParentTL(IF_HANDLE interface, TL_HANDLE *system)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(interface, INTERFACE_MODULE, &error))
        return error;
    if (!system)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the handle");
    *system = &producer.system;
    return GC_ERR_SUCCESS;
}

GC_API IFClose(IF_HANDLE interface)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(interface, INTERFACE_MODULE, &error))
        return error;
    for (unsigned i = 0; i < MAX_CAMERAS; i++)
        close_device(&producer.cameras[i]);
    producer.interface.open = false;
    return GC_ERR_SUCCESS;
}

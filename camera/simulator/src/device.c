/* Cameras as an interface lists them and as they are opened: IF* and Dev*. */
#include <stdio.h>
#include <string.h>

#include "simulator.h"

GC_API IFUpdateDeviceList(IF_HANDLE interface, bool8_t *changed, uint64_t timeout_ms)
{
    HOLD_LOCK;
    (void)timeout_ms;
    GC_ERROR error;
    if (!find_module(interface, INTERFACE_MODULE, &error))
        return error;
    Camera *before[MAX_CAMERAS];
    unsigned count_before = producer.listed_count;
    memcpy(before, producer.listed, sizeof before);
    producer.listed_count = 0;
    for (unsigned i = 0; i < producer.camera_count; i++)
        if (!is_gone(&producer.cameras[i]))
            producer.listed[producer.listed_count++] = &producer.cameras[i];
    if (changed)
        *changed = count_before != producer.listed_count
                   || memcmp(before, producer.listed, count_before * sizeof *before) != 0;
    return GC_ERR_SUCCESS;
}

GC_API IFGetNumDevices(IF_HANDLE interface, uint32_t *count)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(interface, INTERFACE_MODULE, &error))
        return error;
    if (!count)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the number");
    *count = producer.listed_count;
    return GC_ERR_SUCCESS;
}

GC_API IFGetDeviceID(IF_HANDLE interface, uint32_t index, char *id, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(interface, INTERFACE_MODULE, &error))
        return error;
    if (index >= producer.listed_count)
        return fail(GC_ERR_INVALID_INDEX, "camera %u of %u", index, producer.listed_count);
    char text[NAME_BYTES];
    camera_id(producer.listed[index], text);
    return reply_text((Reply){NULL, id, size}, text);
}

static GC_ERROR device_info(const Camera *camera, INFO_CMD command, Reply reply)
{
    char text[2 * NAME_BYTES], id[NAME_BYTES];
    camera_id(camera, id);
    switch (command) {
    case DEVICE_INFO_ID: return reply_text(reply, id);
    case DEVICE_INFO_VENDOR: return reply_text(reply, VENDOR);
    case DEVICE_INFO_MODEL: return reply_text(reply, CAMERA_MODEL);
    case DEVICE_INFO_TLTYPE: return reply_text(reply, TL_TYPE);
    case DEVICE_INFO_DISPLAYNAME:
        snprintf(text, sizeof text, VENDOR " " CAMERA_MODEL " (%s)", id);
        return reply_text(reply, text);
    case DEVICE_INFO_ACCESS_STATUS:
        return reply_i32(reply, camera->device.open ? DEVICE_ACCESS_STATUS_OPEN_READWRITE
                                                    : DEVICE_ACCESS_STATUS_READWRITE);
    case DEVICE_INFO_USER_DEFINED_NAME: return reply_text(reply, camera->user_id);
    case DEVICE_INFO_SERIAL_NUMBER:
        camera_serial(camera, text);
        return reply_text(reply, text);
    case DEVICE_INFO_VERSION: return reply_text(reply, VERSION_TEXT);
    case DEVICE_INFO_TIMESTAMP_FREQUENCY: return reply_u64(reply, 1000000000);
    default: return fail(GC_ERR_NOT_IMPLEMENTED, "device info %d is not known", command);
    }
}

static Camera *find_camera(void *interface, const char *id, GC_ERROR *error)
{
    if (!find_module(interface, INTERFACE_MODULE, error))
        return NULL;
    if (!id) {
        *error = fail(GC_ERR_INVALID_PARAMETER, "no device id");
        return NULL;
    }
    for (unsigned i = 0; i < producer.listed_count; i++) {
        char known[NAME_BYTES];
        camera_id(producer.listed[i], known);
        if (strcmp(known, id) == 0)
            return producer.listed[i];
    }
    *error = fail(GC_ERR_INVALID_ID, "no camera %s among the %u there", id, producer.listed_count);
    return NULL;
}

GC_API IFGetDeviceInfo(IF_HANDLE interface, const char *id, INFO_CMD command, INFO_DATATYPE *type,
                       void *buffer, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    Camera *camera = find_camera(interface, id, &error);
    return camera ? device_info(camera, command, (Reply){type, buffer, size}) : error;
}

static GC_ERROR why_not_opened(Camera *camera)
{
    if (camera->device.open)
        return fail(GC_ERR_RESOURCE_IN_USE, "the camera is open already");
    if (is_gone(camera))
        return fail(GC_ERR_ACCESS_DENIED, "the camera is gone");
    if (*camera->unusable)
        return fail(GC_ERR_ERROR, "%s", camera->unusable);
    Value *denials = &camera->values[F_FaultAccessDenied][0];
    if (denials->integer > 0) {
        denials->integer--;
        return fail(GC_ERR_ACCESS_DENIED, "access denied, as FaultAccessDenied asked for");
    }
    return GC_ERR_SUCCESS;
}

GC_API IFOpenDevice(IF_HANDLE interface, const char *id, int32_t access, DEV_HANDLE *device)
{
    HOLD_LOCK;
    (void)access;
    GC_ERROR error;
    Camera *camera = find_camera(interface, id, &error);
    if (!camera)
        return error;
    if (!device)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the handle");
    if ((error = why_not_opened(camera)))
        return error;
    camera->device.open = camera->port.open = true;
    camera->session_lost = false;
    *device = &camera->device;
    return GC_ERR_SUCCESS;
}

void close_device(Camera *camera)
{
    if (!camera->device.open)
        return;
    close_stream(&camera->stream);
    stop_camera(camera);
    camera->values[F_TLParamsLocked][0].integer = 0;
    camera->device.open = camera->port.open = camera->session_lost = false;
}

GC_API DevClose(DEV_HANDLE device)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_module(device, DEVICE_MODULE, &error);
    if (!module)
        return error;
    close_device(module->camera);
    return GC_ERR_SUCCESS;
}

GC_API DevGetInfo(DEV_HANDLE device, INFO_CMD command, INFO_DATATYPE *type, void *buffer,
                  size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_module(device, DEVICE_MODULE, &error);
    return module ? device_info(module->camera, command, (Reply){type, buffer, size}) : error;
}

GC_API DevGetPort(DEV_HANDLE device, PORT_HANDLE *port)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_module(device, DEVICE_MODULE, &error);
    if (!module)
        return error;
    if (!port)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the handle");
    *port = &module->camera->port;
    return GC_ERR_SUCCESS;
}

GC_API DevGetParentIF(DEV_HANDLE device, IF_HANDLE *interface)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(device, DEVICE_MODULE, &error))
        return error;
    if (!interface)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the handle");
    *interface = &producer.interface;
    return GC_ERR_SUCCESS;
}

GC_API DevGetNumDataStreams(DEV_HANDLE device, uint32_t *count)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(device, DEVICE_MODULE, &error))
        return error;
    if (!count)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the number");
    *count = 1;
    return GC_ERR_SUCCESS;
}

GC_API DevGetDataStreamID(DEV_HANDLE device, uint32_t index, char *id, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_module(device, DEVICE_MODULE, &error))
        return error;
    if (index != 0)
        return fail(GC_ERR_INVALID_INDEX, "stream %u of 1", index);
    return reply_text((Reply){NULL, id, size}, STREAM_ID);
}

GC_API DevOpenDataStream(DEV_HANDLE device, const char *id, DS_HANDLE *stream)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_module(device, DEVICE_MODULE, &error);
    if (!module)
        return error;
    if (!id || !stream)
        return fail(GC_ERR_INVALID_PARAMETER, "no stream id, or no place for the handle");
    if (strcmp(id, STREAM_ID) != 0)
        return fail(GC_ERR_INVALID_ID, "no stream %s; there is " STREAM_ID, id);
    Module *opened = &module->camera->stream.module;
    if (opened->open)
        return fail(GC_ERR_RESOURCE_IN_USE, "the stream is open already");
    opened->open = true;
    *stream = opened;
    return GC_ERR_SUCCESS;
}

/* Registers: each module's features, and the description of them, behind one address space. */
#include <stdio.h>
#include <string.h>

#include "simulator.h"

typedef struct {
    const FeatureTable *table;
    const char *module_name, *file_name;
} PortKind;

static const PortKind port_kinds[] = {
    [SYSTEM_MODULE] = {&system_features, "TLSystem", "passline_system_1_0_0.xml"},
    [INTERFACE_MODULE] = {&interface_features, "TLInterface", "passline_interface_1_0_0.xml"},
    [DEVICE_MODULE] = {&device_features, "TLDevice", "passline_device_1_0_0.xml"},
    [PORT_MODULE] = {&camera_features, "Device", "passline_camera_1_0_0.xml"},
    [STREAM_MODULE] = {&stream_features, "TLDataStream", "passline_stream_1_0_0.xml"},
};

static const PortKind *kind_of(const Module *module) { return &port_kinds[module->kind]; }

static Module *find_readable(void *handle, GC_ERROR *error)
{
    Module *module = find_port(handle, error);
    if (!module || module->kind == EVENT_MODULE) {
        if (module)
            *error = fail(GC_ERR_INVALID_HANDLE, "an event has no registers");
        return NULL;
    }
    if (module->kind == PORT_MODULE && (is_gone(module->camera) || module->camera->session_lost)) {
        *error = fail(GC_ERR_IO, "the camera does not answer");
        return NULL;
    }
    return module;
}

/* The features of the producer's own modules; each name is known in one module only or means the
 * same in all. */
static void read_module(const Module *module, const char *name, Value *value, char *text)
{
    static const struct { const char *name, *text; } texts[] = {
        {"TLID", SYSTEM_ID}, {"TLVendorName", VENDOR}, {"TLModelName", "Simulator"},
        {"TLVersion", VERSION_TEXT}, {"InterfaceID", INTERFACE_ID}, {"StreamID", STREAM_ID},
        {"DeviceVendorName", VENDOR}, {"DeviceModelName", CAMERA_MODEL}};
    const Stream *stream = module->camera ? &module->camera->stream : NULL;
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(name, texts[i].name) == 0)
            snprintf(text, TEXT_BYTES, "%s", texts[i].text);
    if (strcmp(name, "DeviceID") == 0)
        camera_id(module->camera, text);
    value->integer = strcmp(name, "GenTLVersionMajor") == 0             ? 1
                     : strcmp(name, "GenTLVersionMinor") == 0           ? 5
                     : strcmp(name, "StreamAnnounceBufferMinimum") == 0 ? 1
                     : strcmp(name, "StreamAnnouncedBufferCount") == 0
                         ? (int64_t)stream->announced_count
                     : strcmp(name, "StreamDeliveredFrameCount") == 0 ? (int64_t)stream->delivered
                     : strcmp(name, "StreamLostFrameCount") == 0      ? (int64_t)stream->underruns
                                                                      : 0;
}

static GC_ERROR read_feature(Module *module, unsigned index, Value *value, char text[TEXT_BYTES])
{
    const Feature *feature = &kind_of(module)->table->features[index];
    memset(text, 0, TEXT_BYTES);
    value->integer = 0;
    if (module->kind == PORT_MODULE)
        return read_camera(module->camera, index, value, text);
    if (!(feature->access & RO))
        return fail(GC_ERR_ACCESS_DENIED, "%s cannot be read", feature->name);
    read_module(module, feature->name, value, text);
    return GC_ERR_SUCCESS;
}

static GC_ERROR write_feature(Module *module, unsigned index, Value value, const char *text)
{
    if (module->kind == PORT_MODULE)
        return write_camera(module->camera, index, value, text);
    const Feature *feature = &kind_of(module)->table->features[index];
    if (feature->kind == COMMAND)
        return GC_ERR_SUCCESS; /* lists are brought up to date by their own GenTL functions */
    return fail(GC_ERR_ACCESS_DENIED, "%s cannot be written", feature->name);
}

/* The feature whose register `address` lies in, and how far in. */
static GC_ERROR find_register(Module *module, uint64_t address, size_t size, unsigned *index,
                              size_t *offset)
{
    const FeatureTable *table = kind_of(module)->table;
    uint64_t place = (address - FEATURES_AT) / FEATURE_STRIDE;
    if (address < FEATURES_AT || place >= table->count)
        return fail(GC_ERR_INVALID_ADDRESS, "nothing at address 0x%llx",
                    (unsigned long long)address);
    *index = (unsigned)place;
    *offset = (address - FEATURES_AT) % FEATURE_STRIDE;
    size_t room = table->features[*index].kind == STRING ? TEXT_BYTES : sizeof(Value);
    if (*offset > room || size > room - *offset)
        return fail(GC_ERR_INVALID_ADDRESS, "%s has no %zu bytes at offset %zu",
                    table->features[*index].name, size, *offset);
    return GC_ERR_SUCCESS;
}

static GC_ERROR read_port(Module *module, uint64_t address, void *buffer, size_t size)
{
    size_t xml_bytes, offset;
    unsigned index;
    Value value;
    char text[TEXT_BYTES];
    const char *xml = node_map_xml(kind_of(module)->table, &xml_bytes);
    if (xml && address >= XML_AT && address - XML_AT <= xml_bytes
        && size <= xml_bytes - (address - XML_AT)) {
        memcpy(buffer, xml + (address - XML_AT), size);
        return GC_ERR_SUCCESS;
    }
    GC_ERROR error = find_register(module, address, size, &index, &offset);
    if (error || (error = read_feature(module, index, &value, text)))
        return error;
    bool is_text = kind_of(module)->table->features[index].kind == STRING;
    memcpy(buffer, (is_text ? text : (const char *)&value) + offset, size);
    return GC_ERR_SUCCESS;
}

static GC_ERROR write_port(Module *module, uint64_t address, const void *buffer, size_t size)
{
    size_t offset;
    unsigned index;
    GC_ERROR error = find_register(module, address, size, &index, &offset);
    if (error)
        return error;
    bool is_text = kind_of(module)->table->features[index].kind == STRING;
    if (offset || (!is_text && size != sizeof(Value)))
        return fail(GC_ERR_INVALID_PARAMETER, "%s is written as a whole",
                    kind_of(module)->table->features[index].name);
    Value value = {0};
    char text[TEXT_BYTES + 1] = {0};
    memcpy(is_text ? text : (char *)&value, buffer, size);
    text[TEXT_BYTES - 1] = 0;
    return write_feature(module, index, value, text);
}

GC_API GCReadPort(PORT_HANDLE port, uint64_t address, void *buffer, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_readable(port, &error);
    if (!module)
        return error;
    if (!buffer || !size)
        return fail(GC_ERR_INVALID_PARAMETER, "no buffer or no size");
    return read_port(module, address, buffer, *size);
}

GC_API GCWritePort(PORT_HANDLE port, uint64_t address, const void *buffer, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_readable(port, &error);
    if (!module)
        return error;
    if (!buffer || !size)
        return fail(GC_ERR_INVALID_PARAMETER, "no buffer or no size");
    return write_port(module, address, buffer, *size);
}

static GC_ERROR stacked(PORT_HANDLE port, PORT_REGISTER_STACK_ENTRY *entries, size_t *count,
                        bool writes)
{
    GC_ERROR error;
    Module *module = find_readable(port, &error);
    if (!module)
        return error;
    if (!entries || !count)
        return fail(GC_ERR_INVALID_PARAMETER, "no entries or no number");
    for (size_t i = 0; i < *count && !error; i++) {
        PORT_REGISTER_STACK_ENTRY entry = entries[i];
        if (!entry.pBuffer)
            error = fail(GC_ERR_INVALID_PARAMETER, "entry %zu has no buffer", i);
        else if (writes)
            error = write_port(module, entry.Address, entry.pBuffer, entry.Size);
        else
            error = read_port(module, entry.Address, entry.pBuffer, entry.Size);
        if (error)
            *count = i; /* so many were done */
    }
    return error;
}

GC_API GCReadPortStacked(PORT_HANDLE port, PORT_REGISTER_STACK_ENTRY *entries, size_t *count)
{
    HOLD_LOCK;
    return stacked(port, entries, count, false);
}

GC_API GCWritePortStacked(PORT_HANDLE port, PORT_REGISTER_STACK_ENTRY *entries, size_t *count)
{
    HOLD_LOCK;
    return stacked(port, entries, count, true);
}

static void describe_url(const Module *module, char url[TEXT_BYTES], size_t *xml_bytes)
{
    *xml_bytes = 0;
    node_map_xml(kind_of(module)->table, xml_bytes);
    snprintf(url, TEXT_BYTES, "local:%s;%x;%zx?SchemaVersion=1.1.0", kind_of(module)->file_name,
             (unsigned)XML_AT, *xml_bytes);
}

GC_API GCGetPortURL(PORT_HANDLE port, char *url, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_readable(port, &error);
    if (!module)
        return error;
    char text[TEXT_BYTES];
    size_t xml_bytes;
    describe_url(module, text, &xml_bytes);
    return reply_text((Reply){NULL, url, size}, text);
}

GC_API GCGetNumPortURLs(PORT_HANDLE port, uint32_t *count)
{
    HOLD_LOCK;
    GC_ERROR error;
    if (!find_readable(port, &error))
        return error;
    if (!count)
        return fail(GC_ERR_INVALID_PARAMETER, "no place for the number");
    *count = 1;
    return GC_ERR_SUCCESS;
}

GC_API GCGetPortURLInfo(PORT_HANDLE port, uint32_t index, INFO_CMD command, INFO_DATATYPE *type,
                        void *buffer, size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_readable(port, &error);
    if (!module)
        return error;
    if (index != 0)
        return fail(GC_ERR_INVALID_INDEX, "URL %u of 1", index);
    char url[TEXT_BYTES];
    size_t xml_bytes;
    describe_url(module, url, &xml_bytes);
    Reply reply = {type, buffer, size};
    switch (command) {
    case URL_INFO_URL: return reply_text(reply, url);
    case URL_INFO_SCHEMA_VER_MAJOR: case URL_INFO_SCHEMA_VER_MINOR:
    case URL_INFO_FILE_VER_MAJOR: return reply_i32(reply, 1);
    case URL_INFO_FILE_VER_MINOR: case URL_INFO_FILE_VER_SUBMINOR: case URL_INFO_SCHEME:
        return reply_i32(reply, 0);
    case URL_INFO_FILE_REGISTER_ADDRESS: return reply_u64(reply, XML_AT);
    case URL_INFO_FILE_SIZE: return reply_u64(reply, xml_bytes);
    case URL_INFO_FILENAME: return reply_text(reply, kind_of(module)->file_name);
    default: return fail(GC_ERR_NOT_AVAILABLE, "URL info %d is not known", command);
    }
}

GC_API GCGetPortInfo(PORT_HANDLE port, INFO_CMD command, INFO_DATATYPE *type, void *buffer,
                     size_t *size)
{
    HOLD_LOCK;
    GC_ERROR error;
    Module *module = find_port(port, &error);
    if (!module)
        return error;
    if (module->kind == EVENT_MODULE)
        return fail(GC_ERR_INVALID_HANDLE, "an event has no registers");
    Reply reply = {type, buffer, size};
    char id[NAME_BYTES] = SYSTEM_ID;
    if (module->camera)
        camera_id(module->camera, id);
    switch (command) {
    case PORT_INFO_ID: return reply_text(reply, id);
    case PORT_INFO_VENDOR: return reply_text(reply, VENDOR);
    case PORT_INFO_MODEL: return reply_text(reply, kind_of(module)->table->model);
    case PORT_INFO_TLTYPE: return reply_text(reply, TL_TYPE);
    case PORT_INFO_MODULE: return reply_text(reply, kind_of(module)->module_name);
    case PORT_INFO_LITTLE_ENDIAN: case PORT_INFO_ACCESS_READ: case PORT_INFO_ACCESS_WRITE:
        return reply_bool(reply, true);
    case PORT_INFO_BIG_ENDIAN: case PORT_INFO_ACCESS_NA: case PORT_INFO_ACCESS_NI:
        return reply_bool(reply, false);
    case PORT_INFO_VERSION: return reply_text(reply, VERSION_TEXT);
    case PORT_INFO_PORTNAME: return reply_text(reply, kind_of(module)->table->port);
    default: return fail(GC_ERR_NOT_IMPLEMENTED, "port info %d is not known", command);
    }
}

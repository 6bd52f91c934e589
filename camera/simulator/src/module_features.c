/* Node maps of the producer's own modules (GenTL SFNC): what the info queries say, as features. */
#include "feature_table.h"

static const Entry tl_types[] = {{"Custom", 0}, {0}};
static const Entry handling[] = {{"OldestFirst", 0}, {0}};

static const Feature of_system[] = {
    {"TLID", STRING, RO, "SystemInformation"},
    {"TLVendorName", STRING, RO, "SystemInformation"},
    {"TLModelName", STRING, RO, "SystemInformation"},
    {"TLVersion", STRING, RO, "SystemInformation"},
    {"TLType", ENUMERATION, RO, "SystemInformation", .entries = tl_types},
    {"GenTLVersionMajor", INTEGER, RO, "SystemInformation"},
    {"GenTLVersionMinor", INTEGER, RO, "SystemInformation"},
    {"InterfaceUpdateList", COMMAND, WO, "InterfaceEnumeration"},
    {"InterfaceSelector", INTEGER, RO, "InterfaceEnumeration"},
    {"InterfaceID", STRING, RO, "InterfaceEnumeration"},
};
static const Feature of_interface[] = {
    {"InterfaceID", STRING, RO, "InterfaceInformation"},
    {"InterfaceType", ENUMERATION, RO, "InterfaceInformation", .entries = tl_types},
    {"DeviceUpdateList", COMMAND, WO, "DeviceEnumeration"},
};
static const Feature of_device[] = {
    {"DeviceID", STRING, RO, "DeviceInformation"},
    {"DeviceVendorName", STRING, RO, "DeviceInformation"},
    {"DeviceModelName", STRING, RO, "DeviceInformation"},
    {"DeviceType", ENUMERATION, RO, "DeviceInformation", .entries = tl_types},
    {"StreamSelector", INTEGER, RO, "StreamEnumeration"},
    {"StreamID", STRING, RO, "StreamEnumeration"},
};
static const Feature of_stream[] = {
    {"StreamID", STRING, RO, "StreamInformation"},
    {"StreamType", ENUMERATION, RO, "StreamInformation", .entries = tl_types},
    {"StreamAnnouncedBufferCount", INTEGER, RO, "BufferHandlingControl"},
    {"StreamAnnounceBufferMinimum", INTEGER, RO, "BufferHandlingControl"},
    {"StreamBufferHandlingMode", ENUMERATION, RO, "BufferHandlingControl", .entries = handling},
    {"StreamDeliveredFrameCount", INTEGER, RO, "BufferHandlingControl"},
    {"StreamLostFrameCount", INTEGER, RO, "BufferHandlingControl"},
};

#define TABLE(FEATURES, MODEL) {FEATURES, sizeof FEATURES / sizeof *FEATURES, "TLPort", MODEL}

const FeatureTable system_features = TABLE(of_system, "System");
const FeatureTable interface_features = TABLE(of_interface, "Interface");
const FeatureTable device_features = TABLE(of_device, "Device");
const FeatureTable stream_features = TABLE(of_stream, "Stream");

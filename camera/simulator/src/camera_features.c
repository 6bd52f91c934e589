#include "feature_table.h"

static const Entry scan_types[] = {{"Areascan", 0}, {0}};
static const Entry temperatures[] = {{"Sensor", 0}, {"Mainboard", 1}, {0}};
static const Entry ptp_states[] = {{"Disabled", 0}, {"Slave", 1}, {0}};
static const Entry servo_states[] = {{"Unknown", 0}, {"Locked", 1}, {0}};
static const Entry acquisition_modes[] = {
    {"Continuous", CONTINUOUS}, {"SingleFrame", SINGLE_FRAME}, {"MultiFrame", MULTI_FRAME}, {0}};
static const Entry trigger_selectors[] = {{"FrameStart", 0}, {0}};
static const Entry off_on[] = {{"Off", 0}, {"On", 1}, {0}};
static const Entry trigger_sources[] = {
    {"Software", TRIGGER_BY_SOFTWARE}, {"Line0", TRIGGER_BY_LINE0}, {0}};
static const Entry activations[] = {
    {"RisingEdge", RISING_EDGE}, {"FallingEdge", FALLING_EDGE}, {"AnyEdge", ANY_EDGE}, {0}};
static const Entry exposure_modes[] = {{"Timed", 0}, {0}};
static const Entry lines[] = {{"Line0", 0}, {"Line1", 1}, {"Line2", 2}, {0}};
static const Entry line_modes[] = {{"Input", 0}, {"Output", 1}, {0}};
static const Entry user_outputs[] = {{"UserOutput0", 0}, {"UserOutput1", 1}, {0}};
static const Entry counters[] = {{"Counter0", 0}, {"Counter1", 1}, {"Counter2", 2}, {0}};
static const Entry counter_sources[] = {
    {"FrameTrigger", COUNT_TRIGGERS}, {"FrameStart", COUNT_FRAMES},
    {"FrameTriggerMissed", COUNT_MISSED_TRIGGERS}, {0}};
static const Entry user_sets[] = {{"Default", 0}, {"UserSet0", 1}, {"UserSet1", 2}, {0}};
static const Entry chunks[] = {
    {"FrameID", FRAME_ID_CHUNK - 1}, {"Timestamp", TIMESTAMP_CHUNK - 1},
    {"CounterValue", COUNTERS_CHUNK - 1}, {"ExposureTime", EXPOSURE_CHUNK - 1},
    {"LineStatusAll", LINES_CHUNK - 1}, {0}};
static const Entry id_widths[] = {{"Bits64", IDS_OF_64_BITS}, {"Bits16", IDS_OF_16_BITS}, {0}};
static const Entry timings[] = {{"FrameRate", AT_FRAME_RATE}, {"Recorded", AS_RECORDED}, {0}};
static const Entry at_ends[] = {{"Repeat", REPEAT}, {"Wait", WAIT}, {0}};
static const Entry formats[] = {
    {"Mono8", 0x01080001}, {"Mono10", 0x01100003}, {"Mono10p", 0x010A0046},
    {"Mono10Packed", 0x010C0004}, {"Mono12", 0x01100005}, {"Mono12p", 0x010C0047},
    {"Mono12Packed", 0x010C0006}, {"Mono16", 0x01100007}, {"BayerRG8", 0x01080009},
    {"BayerRG10", 0x0110000D}, {"BayerRG10p", 0x010A0058}, {"BayerRG10Packed", 0x010C0027},
    {"BayerRG12", 0x01100011}, {"BayerRG12p", 0x010C0059}, {"BayerRG12Packed", 0x010C002B},
    {"RGB8", 0x02180014}, {"BGR8", 0x02180015}, {"YUV422_8", 0x02100032}, {0}};

static const Feature features[] = {
#define FEATURE(NAME, KIND, ACCESS, ...) {#NAME, KIND, ACCESS, __VA_ARGS__},
#include "camera_features.def"
#undef FEATURE
};

const FeatureTable camera_features = {features, F_COUNT, "Device", "Camera"};

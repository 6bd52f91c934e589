/* Functions of GenTL 1.6 and 1.7 that consumers look for: this producer has no flows or segments. */
#include "simulator.h"

static GC_ERROR not_offered(void)
{
    return fail(GC_ERR_NOT_IMPLEMENTED, "this producer has no flows and no composite buffers");
}

GC_API DSAnnounceCompositeBuffer(DS_HANDLE stream, size_t segments, void **memory, size_t *sizes,
                                 void *user, BUFFER_HANDLE *buffer)
{
    (void)stream, (void)segments, (void)memory, (void)sizes, (void)user, (void)buffer;
    return not_offered();
}

GC_API DSGetNumFlows(DS_HANDLE stream, uint32_t *count)
{
    (void)stream, (void)count;
    return not_offered();
}

GC_API DSGetFlowInfo(DS_HANDLE stream, uint32_t flow, INFO_CMD command, INFO_DATATYPE *type,
                     void *value, size_t *size)
{
    (void)stream, (void)flow, (void)command, (void)type, (void)value, (void)size;
    return not_offered();
}

GC_API DSGetNumBufferSegments(DS_HANDLE stream, BUFFER_HANDLE buffer, uint32_t *count)
{
    (void)stream, (void)buffer, (void)count;
    return not_offered();
}

GC_API DSGetBufferSegmentInfo(DS_HANDLE stream, BUFFER_HANDLE buffer, uint32_t segment,
                              INFO_CMD command, INFO_DATATYPE *type, void *value, size_t *size)
{
    (void)stream, (void)buffer, (void)segment, (void)command, (void)type, (void)value, (void)size;
    return not_offered();
}

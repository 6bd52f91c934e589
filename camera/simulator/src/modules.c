/* The lock, the clock, and which handles are right. */
#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>

#include "simulator.h"

Producer producer; /* all zero, so that it takes no place in the file */

static pthread_mutex_t the_lock = PTHREAD_MUTEX_INITIALIZER;

void lock(void) { pthread_mutex_lock(&the_lock); }
void unlock(void) { pthread_mutex_unlock(&the_lock); }

Held take_lock(void)
{
    lock();
    return (Held){0};
}

void release_lock(Held *held)
{
    (void)held;
    unlock();
}

void wait_until(pthread_cond_t *condition, int64_t deadline_ns)
{
    if (deadline_ns == INT64_MAX) {
        pthread_cond_wait(condition, &the_lock);
        return;
    }
    struct timespec deadline = {deadline_ns / 1000000000, deadline_ns % 1000000000};
    pthread_cond_timedwait(condition, &the_lock, &deadline);
}

int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static Module *module_at(void *handle)
{
    if (handle == &producer.system)
        return &producer.system;
    if (handle == &producer.interface)
        return &producer.interface;
    for (unsigned i = 0; i < MAX_CAMERAS; i++) {
        Camera *camera = &producer.cameras[i];
        Module *modules[] = {&camera->device, &camera->port, &camera->stream.module,
                             &camera->stream.event};
        for (unsigned m = 0; m < sizeof modules / sizeof *modules; m++)
            if (handle == modules[m])
                return modules[m];
    }
    return NULL;
}

Module *find_module(void *handle, ModuleKind kind, GC_ERROR *error)
{
    Module *module = find_port(handle, error);
    if (module && module->kind == kind)
        return module;
    if (!*error)
        *error = fail(GC_ERR_INVALID_HANDLE, "the handle is one of another module");
    return NULL;
}

Module *find_port(void *handle, GC_ERROR *error)
{
    *error = GC_ERR_SUCCESS;
    if (!producer.initialised) {
        *error = fail(GC_ERR_NOT_INITIALIZED, "GCInitLib was not called");
        return NULL;
    }
    Module *module = module_at(handle);
    if (module && module->open)
        return module;
    *error = fail(GC_ERR_INVALID_HANDLE, "no module that is open has this handle");
    return NULL;
}

Buffer *find_buffer(Stream *stream, void *handle, GC_ERROR *error)
{
    for (Buffer *buffer = stream->announced; buffer; buffer = buffer->next)
        if (buffer == handle)
            return buffer;
    *error = fail(GC_ERR_INVALID_HANDLE, "no buffer of this stream has this handle");
    return NULL;
}

void camera_id(const Camera *camera, char id[NAME_BYTES])
{
    snprintf(id, NAME_BYTES, INTERFACE_ID "-%u", camera->number);
}

void camera_serial(const Camera *camera, char serial[NAME_BYTES])
{
    snprintf(serial, NAME_BYTES, "SIM%u", camera->number);
}

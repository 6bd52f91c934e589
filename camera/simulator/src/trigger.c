/* What starts a picture when the camera does not run free, and the digital lines. */
#include "simulator.h"

bool is_triggered(const Camera *camera) { return setting(camera, F_TriggerMode); }

static void count(Camera *camera, unsigned counter)
{
    camera->values[F_CounterValue][counter].integer++;
}

/* A trigger while MAX_PENDING_TRIGGERS wait for the sensor is missed, and counted as such. */
void trigger(Camera *camera)
{
    if (!camera->acquiring || !is_triggered(camera))
        return;
    count(camera, COUNT_TRIGGERS);
    int64_t lost_every = setting(camera, F_FaultTriggerLostEveryNth);
    if (lost_every && camera->values[F_CounterValue][COUNT_TRIGGERS].integer % lost_every == 0) {
        camera->unseen_parts++;
        return;
    }
    if (camera->pending_triggers == MAX_PENDING_TRIGGERS) {
        count(camera, COUNT_MISSED_TRIGGERS);
        camera->unseen_parts++;
        return;
    }
    camera->triggers[camera->pending_triggers++] = (Trigger){
        .at_ns = clock_ns(),
        .number = camera->values[F_CounterValue][COUNT_TRIGGERS].integer,
        .unseen_parts = camera->unseen_parts,
    };
    camera->unseen_parts = 0;
    pthread_cond_broadcast(&camera->wake);
}

/* Their parts go by without a picture. */
void forget_triggers(Camera *camera)
{
    for (unsigned i = 0; i < camera->pending_triggers; i++)
        camera->unseen_parts += 1 + camera->triggers[i].unseen_parts;
    camera->pending_triggers = 0;
}

static bool has_barrier(const Camera *camera)
{
    return setting(camera, F_ReplayPartPerFrame) || number_setting(camera, F_ReplayPartRate) > 0;
}

bool is_line_high(const Camera *camera, unsigned line)
{
    bool level = line > 0 ? camera->values[F_UserOutputValue][line - 1].integer
                 : has_barrier(camera) ? camera->part_in_barrier
                                       : setting(camera, F_ReplayLine0);
    return level != (bool)camera->values[F_LineInverter][line].integer;
}

/* `input` is what drives Line0: it takes the new level, and an edge may be a trigger. */
void set_line0(Camera *camera, bool *input, bool level)
{
    if (*input == level)
        return;
    *input = level;
    bool rising = level != (bool)camera->values[F_LineInverter][0].integer;
    int64_t wanted = setting(camera, F_TriggerActivation);
    if (setting(camera, F_TriggerSource) == TRIGGER_BY_LINE0
        && (wanted == ANY_EDGE || wanted == (rising ? RISING_EDGE : FALLING_EDGE)))
        trigger(camera);
}

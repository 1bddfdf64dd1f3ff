/* Work on XLA's threads. The caller works too, and waits only for what others have begun, so that no pool can block it. */

#include <sched.h>
#include <stdatomic.h>

#include "block.h"
#include "xla/ffi/api/c_api.h"

typedef void Work(void *data, size item, size worker);

typedef struct {
  atomic_long next, done, workers, holders;
  size items;
  Work *work;
  void *data;
} Job;

static void drain(void *pointer) {
  Job *job = pointer;
  size item, worker = -1;
  while ((item = atomic_fetch_add(&job->next, 1)) < job->items) {
    if (worker < 0) worker = atomic_fetch_add(&job->workers, 1);
    job->work(job->data, item, worker);
    atomic_fetch_add(&job->done, 1);
  }
  if (atomic_fetch_sub(&job->holders, 1) == 1) free(job);
}

static size threads(XLA_FFI_CallFrame *frame) {
  int64_t count = 1;
  XLA_FFI_ThreadPool_NumThreads_Args args = {XLA_FFI_ThreadPool_NumThreads_Args_STRUCT_SIZE, NULL, frame->ctx, &count};
  XLA_FFI_Error *error = frame->api->XLA_FFI_ThreadPool_NumThreads(&args);
  if (error) {
    XLA_FFI_Error_Destroy_Args destroy = {XLA_FFI_Error_Destroy_Args_STRUCT_SIZE, NULL, error};
    frame->api->XLA_FFI_Error_Destroy(&destroy);
    return 1;
  }
  return most(count, 1);
}

/* Whether all was done: there may be no memory. */
static int parallel(XLA_FFI_CallFrame *frame, size items, Work *work, void *data) {
  size helpers = least(threads(frame), items) - 1;
  Job *job = malloc(sizeof(Job));
  if (!job) return 0;
  *job = (Job){.holders = helpers + 2, .items = items, .work = work, .data = data};
  for (size i = 0; i < helpers; i++) {
    XLA_FFI_ThreadPool_Schedule_Args args = {XLA_FFI_ThreadPool_Schedule_Args_STRUCT_SIZE, NULL, frame->ctx, drain, job};
    XLA_FFI_Error *error = frame->api->XLA_FFI_ThreadPool_Schedule(&args);
    if (error) {
      XLA_FFI_Error_Destroy_Args destroy = {XLA_FFI_Error_Destroy_Args_STRUCT_SIZE, NULL, error};
      frame->api->XLA_FFI_Error_Destroy(&destroy);
      atomic_fetch_sub(&job->holders, 1);
    }
  }
  drain(job);
  while (atomic_load(&job->done) < items) sched_yield();
  if (atomic_fetch_sub(&job->holders, 1) == 1) free(job);
  return 1;
}

package host

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/automic-etl/etl/plugins/proto"
)

// maxMisses is how many heartbeats a plugin may miss. One is missed by a host that was itself stopped for a while.
const maxMisses = 3

// listen ends a process that runs and answers nothing any more: stopped, out of memory, deadlocked in its runtime.
func (r *running) listen(every time.Duration) {
	beat := time.NewTicker(every)
	defer beat.Stop()
	for misses := 0; misses < maxMisses; {
		select {
		case <-r.process.exited:
			return
		case <-beat.C:
		}
		if r.answers(every) {
			misses = 0
		} else {
			misses++
		}
	}
	r.log.Error("the provider stopped answering; its processes were ended")
	r.silent.Store(true)
	_ = r.process.Kill(context.Background())
}

// answers takes any answer for a sign of life: an older plugin may not know the call.
func (r *running) answers(within time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	_, err := r.rpc.Ping(ctx, &pb.PingRequest{})
	return status.Code(err) != codes.DeadlineExceeded
}

;; A notification returns how many threads it woke: those that wait at this address, and no more than it was told.

(module $Mem (memory (export "shared") 1 1 shared))

(thread $First (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "wait") (result i32)
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1)))
  )
  (assert_return (invoke "wait") (i32.const 0))
)

(thread $Second (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "wait") (result i32)
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (memory.atomic.wait64 (i32.const 64) (i64.const 0) (i64.const -1)))
  )
  (assert_return (invoke "wait") (i32.const 0))
)

(register "mem" $Mem)
(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "until_both_come")
    (loop $again (br_if $again (i32.lt_u (i32.atomic.load (i32.const 0)) (i32.const 2)))))
  (func (export "notify") (param $address i32) (param $count i32) (result i32)
    (memory.atomic.notify (local.get $address) (local.get $count)))
  ;; Wakes both, one at a time, and says how many it woke in all.
  (func (export "wake") (param $wanted i32) (result i32) (local $woken i32) (local $now i32)
    (loop $again
      (local.set $now (memory.atomic.notify (i32.const 64) (i32.const 1)))
      (if (i32.gt_u (local.get $now) (i32.const 1)) (then (unreachable)))
      (local.set $woken (i32.add (local.get $woken) (local.get $now)))
      (br_if $again (i32.lt_u (local.get $woken) (local.get $wanted))))
    (local.get $woken))
)
(invoke "until_both_come")
(assert_return (invoke "notify" (i32.const 68) (i32.const -1)) (i32.const 0))
(assert_return (invoke "notify" (i32.const 64) (i32.const 0)) (i32.const 0))
(assert_return (invoke "wake" (i32.const 2)) (i32.const 2))
(wait $First)
(wait $Second)
(assert_return (invoke "notify" (i32.const 64) (i32.const -1)) (i32.const 0))

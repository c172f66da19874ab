;; 1: the value was another one. 2: the time was up. A timeout is in nanoseconds, and none when it is negative.

(module
  (memory 1 1 shared)
  (data (i32.const 8) "\01\00\00\00\02\00\00\00")
  (func (export "wait32") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)))
)

(assert_return (invoke "wait32" (i32.const 8) (i32.const 0) (i64.const -1)) (i32.const 1))
(assert_return (invoke "wait32" (i32.const 12) (i32.const 1) (i64.const -1)) (i32.const 1))
(assert_return (invoke "wait64" (i32.const 8) (i64.const 1) (i64.const -1)) (i32.const 1))
(assert_return (invoke "wait64" (i32.const 8) (i64.const 0x200000002) (i64.const 0x8000000000000000)) (i32.const 1))
(assert_return (invoke "wait32" (i32.const 8) (i32.const 1) (i64.const 0)) (i32.const 2))
(assert_return (invoke "wait32" (i32.const 12) (i32.const 2) (i64.const 1)) (i32.const 2))
(assert_return (invoke "wait64" (i32.const 8) (i64.const 0x200000001) (i64.const 2000000)) (i32.const 2))
;; The last places of the memory.
(assert_return (invoke "wait32" (i32.const 65532) (i32.const 0) (i64.const 1000)) (i32.const 2))
(assert_return (invoke "wait64" (i32.const 65528) (i64.const 0) (i64.const 1000)) (i32.const 2))

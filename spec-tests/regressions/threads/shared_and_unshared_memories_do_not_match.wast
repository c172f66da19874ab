;; Sharing is a part of the type: neither kind is imported as the other, whatever the limits.

(module $Mem
  (memory (export "shared") 1 2 shared)
  (memory (export "own") 1 2)
  (memory (export "wide") i64 1 2 shared)
)
(register "mem" $Mem)

(module (memory (import "mem" "shared") 1 2 shared))
(module (memory (import "mem" "shared") 0 9 shared))
(module (memory (import "mem" "wide") i64 1 2 shared))
(module (memory (import "spectest" "shared_memory") 1 2 shared))
(assert_unlinkable (module (memory (import "mem" "shared") 1 2)) "incompatible import type")
(assert_unlinkable (module (memory (import "mem" "shared") 0)) "incompatible import type")
(assert_unlinkable (module (memory (import "mem" "own") 1 2 shared)) "incompatible import type")
(assert_unlinkable (module (memory (import "mem" "shared") i64 1 2 shared)) "incompatible import type")
(assert_unlinkable (module (memory (import "mem" "wide") 1 2 shared)) "incompatible import type")
(assert_unlinkable (module (memory (import "spectest" "memory") 1 2 shared)) "incompatible import type")
(assert_unlinkable (module (func (import "mem" "shared"))) "incompatible import type")

;; One memory under two names, in two instances of one store.
(module $A (memory (import "mem" "shared") 1 2 shared) (memory (import "mem" "shared") 1 2 shared)
  (func (export "twice") (result i32)
    (i32.atomic.store 0 (i32.const 16) (i32.const 5))
    (drop (i32.atomic.rmw.add 1 (i32.const 16) (i32.const 6)))
    (i32.atomic.load 0 (i32.const 16)))
  (func (export "grow") (result i32) (memory.grow 0 (i32.const 1)))
  (func (export "size") (result i32) (memory.size 1)))
(assert_return (invoke $A "twice") (i32.const 11))
(assert_return (invoke $A "grow") (i32.const 1))
(assert_return (invoke $A "size") (i32.const 2))
(assert_invalid (module (memory 1 shared)) "shared memory must have maximum")
(assert_invalid (module (import "mem" "shared" (memory 1 shared))) "shared memory must have maximum")

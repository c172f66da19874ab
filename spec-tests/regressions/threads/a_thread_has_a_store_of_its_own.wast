;; A thread shares the memories that it was given, and nothing else: no names, no globals, no other memories.

(module $Mem
  (memory (export "shared") 1 3 shared)
  (memory (export "own") 1)
  (global (export "global") (mut i32) (i32.const 1))
  (func (export "set") (param i32) (i32.store 0 (i32.const 0) (local.get 0)))
)
(register "mem" $Mem)
(invoke $Mem "set" (i32.const 42))

(thread $Child (shared (module $Mem))
  ;; What the other store has registered is not registered here.
  (assert_unlinkable (module (memory (import "mem" "shared") 1 3 shared)) "unknown import")
  (register "here" $Mem)
  (module (memory (import "here" "shared") 1 3 shared)
    (func (export "load") (result i32) (i32.load (i32.const 0)))
    (func (export "grow") (result i32) (memory.grow (i32.const 1))))
  (assert_return (invoke "load") (i32.const 42))
  (assert_return (invoke "grow") (i32.const 1))
  ;; Imports are matched with the size that it has now, and the type that it has.
  (module (memory (import "here" "shared") 2 3 shared))
  (assert_unlinkable (module (memory (import "here" "shared") 3 3 shared)) "incompatible import type")
  (assert_unlinkable (module (memory (import "here" "shared") 1 2 shared)) "incompatible import type")
  (assert_unlinkable (module (memory (import "here" "shared") 1 3)) "incompatible import type")
  (assert_unlinkable (module (memory (import "here" "own") 1)) "unknown import")
  (assert_unlinkable (module (global (import "here" "global") (mut i32))) "unknown import")
  ;; A memory that this store makes is not seen by the other one.
  (module $Mine (memory (export "shared") 1 1 shared) (func (export "set") (i32.store (i32.const 0) (i32.const 7))))
  (register "mem" $Mine)
  (invoke $Mine "set")
)
(wait $Child)

(module
  (memory (import "mem" "shared") 2 3 shared)
  (func (export "load") (result i32) (i32.load (i32.const 0)))
)
(assert_return (invoke "load") (i32.const 42))
(assert_unlinkable (module (memory (import "here" "shared") 1 3 shared)) "unknown import")

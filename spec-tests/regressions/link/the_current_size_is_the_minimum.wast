;; A memory or table that has grown matches imports that ask for its new size, and its declared size no longer counts.
(module $M
  (memory (export "mem") 1 5)
  (table (export "tab") 1 5 funcref)
  (func (export "grow") (result i32 i32) (memory.grow (i32.const 2)) (table.grow (ref.null func) (i32.const 2))))
(register "M" $M)
(assert_unlinkable (module (import "M" "mem" (memory 3))) "incompatible import type")
(assert_unlinkable (module (import "M" "tab" (table 3 funcref))) "incompatible import type")
(assert_return (invoke $M "grow") (i32.const 1) (i32.const 1))
(module (import "M" "mem" (memory 3 5)) (import "M" "tab" (table 3 5 funcref)))
(assert_unlinkable (module (import "M" "mem" (memory 4))) "incompatible import type")
(assert_unlinkable (module (import "M" "mem" (memory 3 4))) "incompatible import type")
(assert_unlinkable (module (import "M" "tab" (table 4 funcref))) "incompatible import type")

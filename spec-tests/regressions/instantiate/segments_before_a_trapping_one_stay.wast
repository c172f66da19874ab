;; Active segments are written in order; what stands before the one that traps remains.
(module $M
  (memory (export "mem") 1 1)
  (table (export "tab") 4 4 funcref)
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "is-null") (param i32) (result i32) (ref.is_null (table.get 0 (local.get 0)))))
(register "M" $M)

(assert_trap
  (module
    (import "M" "mem" (memory 1))
    (data (i32.const 0) "a")
    (data (i32.const 65535) "bc")
    (data (i32.const 1) "d"))
  "out of bounds memory access")
(assert_return (invoke $M "load" (i32.const 0)) (i32.const 97))
(assert_return (invoke $M "load" (i32.const 1)) (i32.const 0))
(assert_return (invoke $M "load" (i32.const 65535)) (i32.const 0))

;; Tables are filled before memories: the element stays although the data trap.
(assert_trap
  (module
    (import "M" "mem" (memory 1))
    (import "M" "tab" (table 4 funcref))
    (func $f)
    (elem (i32.const 2) $f)
    (data (i32.const 65536) "x"))
  "out of bounds memory access")
(assert_return (invoke $M "is-null" (i32.const 2)) (i32.const 0))
(assert_return (invoke $M "is-null" (i32.const 1)) (i32.const 1))

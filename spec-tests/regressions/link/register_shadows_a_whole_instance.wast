;; A name means the last instance that was registered under it, with that one's exports and no others.
(module (global (export "a") i32 (i32.const 1)) (global (export "old") i32 (i32.const 1)))
(register "M")
(module (global (export "a") i32 (i32.const 2)))
(register "M")
(module (import "M" "a" (global i32)) (export "a" (global 0)))
(assert_return (get "a") (i32.const 2))
(assert_unlinkable (module (import "M" "old" (global i32))) "unknown import")

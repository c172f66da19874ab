;; Threads play beside their script, each in a store of its own; whoever waits for one says how it went.
(module $M)
(thread $Good (module) (assert_return (invoke "id" (i32.const 1)) (i32.const 1)))
(thread $Bad
  (module)
  (assert_return (invoke "id" (i32.const 1)) (i32.const 2))
  (assert_return (invoke "calls") (i32.const 3)))
(thread $Alone (module) (assert_trap (invoke "overflow") "integer divide by zero")) ;; wrong-reason: message
(thread $Apart (register "N" $M))                   ;; fail
(thread $Nested (thread $Inner (module)))           ;; fail
(thread $Lacking (module (data "VECTORS")) (assert_return (invoke "id"))) ;; skip: feature simd
(wait $Good)
(wait $Bad)                                         ;; fail
(wait $Good)                                        ;; fail
(wait $Nobody)                                      ;; fail
(assert_return (invoke "calls") (i32.const 1))
(thread $Stuck (module) (invoke "hang"))
(wait $Stuck)                                       ;; timeout
(assert_return (invoke "calls") (i32.const 2))
(module $Absent (data "VECTORS"))                   ;; skip: feature simd
(thread $Without (shared (module $Absent)) (module)) ;; skip: feature simd
(wait $Without)                                     ;; skip: feature simd
(module)
(thread $Bug (module) (invoke "panic"))
(wait $Bug)                                         ;; crash
(assert_return (invoke "id" (i32.const 5)) (i32.const 5))

;; Calls that take the worker with them, among others that count how often they were called.
(module)
(assert_return (invoke "calls") (i32.const 1))
(assert_return (invoke "segv"))      ;; crash
(assert_return (invoke "calls") (i32.const 2))
(invoke "exit")                      ;; crash
(assert_trap (invoke "panic") "")    ;; crash
(assert_return (invoke "calls") (i32.const 3))
(module $C (data "CRASH"))           ;; crash
(assert_return (invoke "id"))        ;; skip: blocked by line 9
(register "M" $C)                    ;; skip: blocked by line 9
(module (data "from M."))            ;; skip: blocked by line 9
(module)
(assert_return (invoke "hang"))      ;; timeout
(assert_return (invoke "id"))

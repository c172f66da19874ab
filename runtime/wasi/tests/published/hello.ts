// Compiled by the published compiler of AssemblyScript; see ../README.md.
const squares = new Array<i32>();
for (let i = 1; i <= 5; i++) squares.push(i * i);
console.log("squares: " + squares.join(" "));
let sum = 0;
for (let i = 0; i < squares.length; i++) sum += squares[i];
console.log("arguments: " + process.argv.slice(1).join(","));
process.exit(sum);

// Objects, interfaces, closures, exceptions and a generator, and more garbage than a heap holds at first.

sealed class Shape {
    abstract fun area(): Double
}

class Circle(private val radius: Double) : Shape() {
    override fun area() = 3.0 * radius * radius
}

class Box(private val width: Double, private val height: Double) : Shape() {
    override fun area() = width * height
}

class NoShape(why: String) : Exception(why)

fun parse(text: String): Shape {
    val words = text.split(' ')
    return when (words[0]) {
        "circle" -> Circle(words[1].toDouble())
        "box" -> Box(words[1].toDouble(), words[2].toDouble())
        else -> throw NoShape("no shape: ${words[0]}")
    }
}

fun primes(below: Int) = (2 until below).filter { n -> (2 until n).takeWhile { it * it <= n }.none { n % it == 0 } }

fun fibonacci() = sequence {
    var (a, b) = 0L to 1L
    while (true) {
        yield(a)
        a = b.also { b += a }
    }
}

fun main() {
    for (text in listOf("circle 2", "box 3 4", "blob 1", "box x 1")) {
        try {
            println("$text: ${parse(text).area()}")
        } catch (error: NoShape) {
            println(error.message)
        } catch (error: NumberFormatException) {
            println("no number in $text")
        } finally {
            print(".")
        }
    }
    println()
    val words = "the end of the line is the end".split(' ').groupingBy { it }.eachCount()
    println(words.toList().sortedWith(compareBy({ -it.second }, { it.first })))
    println(primes(50))
    val lists = HashMap<String, MutableList<Int>>()
    for (n in 0 until 200_000) lists.getOrPut("k${n % 1000}") { mutableListOf() }.add(n)
    println(lists.values.sumOf { it.size })
    println(fibonacci().take(12).toList())
}

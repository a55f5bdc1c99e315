package dev.ancilla.engine

import dev.ancilla.Ancillary
import dev.ancilla.EventLoop
import dev.ancilla.OwnedFd
import dev.ancilla.scripted.ScriptedFd
import dev.ancilla.spi.Wait
import io.kotest.core.spec.style.FunSpec
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions
import org.jetbrains.lincheck.datastructures.Validate
import org.jetbrains.lincheck.datastructures.forClasses
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicReference
import org.jetbrains.lincheck.datastructures.Operation as Step

/**
 * The waiting and closing structures under Lincheck's model checker, which runs small scenarios in every
 * order of their steps that it can think of, and compares with the same calls one after the other.
 */
class LincheckTest : FunSpec({
    for (structure in listOf(
        FdModel::class,
        AncillaryModel::class,
        OperationModel::class,
        LaneModel::class,
    )) {
        test("${structure.simpleName} is linearizable") {
            ModelCheckingOptions()
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(1)
                .iterations(6)
                .invocationsPerIteration(200)
                // The JDK's cleaner has a thread of its own, which Lincheck does not run.
                .addGuarantee(
                    forClasses { it.startsWith("java.lang.ref.") || it.startsWith("jdk.internal.ref.") }
                        .allMethods()
                        .ignore(),
                ).check(structure)
        }
    }
})

/** A descriptor: held, let go and closed; the kernel's is closed once, and never while it is held. */
class FdModel {
    private val handle = ScriptedFd()
    private val fd = OwnedFd.wrap(handle)
    private val holds = ConcurrentLinkedQueue<OwnedFd.Hold>()

    @Step
    fun hold(): Boolean = runCatching { holds += fd.hold() }.isSuccess

    /** Without a result: whether another's hold is in the queue already is not the descriptor's affair. */
    @Step
    fun letGo() {
        val held = holds.poll() ?: return
        check(handle.closes.get() == 0) { "closed while it is held" }
        repeat(2) { held.close() }
    }

    @Step
    fun close() = fd.close()

    @Step
    fun isOpen(): Boolean = fd.isOpen

    @Validate
    fun closedOnceAndWhenNobodyHolds() {
        val expected = if (!fd.isOpen && holds.isEmpty()) 1 else 0
        check(handle.closes.get() == expected) { "closed ${handle.closes.get()} times" }
        holds.forEach(OwnedFd.Hold::close)
        fd.close()
    }
}

/** Received descriptors: each is taken once, and what is left is closed once. */
class AncillaryModel {
    private val handles = List(3) { ScriptedFd(number = it) }
    private val ancillary = Ancillary.received(handles.map(OwnedFd::wrap), null, false)
    private val taken = ConcurrentLinkedQueue<OwnedFd>()

    @Step
    fun take(): Int? = try {
        ancillary.take().also(taken::add).number()
    } catch (_: NoSuchElementException) {
        null
    }

    @Step
    fun takeAll(): List<Int> = ancillary.takeAll().onEach(taken::add).map { it.number() }

    @Step
    fun left(): Int = ancillary.descriptors().size

    @Step
    fun close() = ancillary.close()

    @Validate
    fun eachHasOneOwner() {
        val left = ancillary.descriptors().size
        val closed = handles.count { it.closes.get() == 1 }
        check(taken.distinct().size == taken.size) { "taken twice: $taken" }
        check(taken.size + closed + left == handles.size) { "$taken taken, $closed closed, $left left" }
        ancillary.close()
        taken.forEach(OwnedFd::close)
    }
}

/** A receive: attempts, a cancellation and a completion from outside, of which one settles it. */
class OperationModel {
    private val arrived = AtomicInteger()
    private val left = AtomicInteger()
    private val ended = AtomicInteger()
    private val operation =
        Operation<Int>(
            { if (left.get() == 0) null else Operation.Done(left.decrementAndGet()) },
            { Wait { } },
            { ended.incrementAndGet() },
            { },
        )

    @Step
    fun arrive() {
        arrived.incrementAndGet()
        left.incrementAndGet()
    }

    @Step
    fun advance(): Boolean = operation.advance()

    @Step
    fun cancel() {
        operation.cancel(false)
    }

    @Step
    fun completeElsewhere() {
        operation.complete(-1)
    }

    @Step
    fun left(): Int = left.get()

    @Validate
    fun settledOnceAndNoMessageForNobody() {
        check(operation.isSettled == operation.isDone) { "settled but not done" }
        check(ended.get() == if (operation.isDone) 1 else 0) { "ended ${ended.get()} times" }
        val got = operation.isDone && !operation.isCancelled && operation.join() != -1
        check(arrived.get() - left.get() == if (got) 1 else 0) { "a message was received for nobody" }
    }
}

/** Receives in a lane, over a loop that Lincheck runs: no wake is lost, and none waits for nobody. */
class LaneModel {
    private val tasks = ConcurrentLinkedQueue<Runnable>()
    private val arrived = AtomicInteger()
    private val left = AtomicInteger()
    private val armed = AtomicReference<Runnable?>()
    private val lane = Lane(QueueLoop(tasks)) { }
    private val started = ConcurrentLinkedQueue<Operation<Int>>()
    private val toCancel = ConcurrentLinkedQueue<Operation<Int>>()

    @Step
    fun start() {
        val operation =
            Operation<Int>(
                { if (left.get() == 0) null else Operation.Done(left.decrementAndGet()) },
                ::arm,
                { },
                lane::sweep,
            )
        started += operation
        lane.add(operation)
        toCancel += operation
    }

    @Step
    fun cancel() {
        toCancel.poll()?.cancel(false)
    }

    @Step
    fun arrive() {
        arrived.incrementAndGet()
        left.incrementAndGet()
        fire()
    }

    /** The loop has one thread. */
    @Step(nonParallelGroup = "loop")
    fun turn() {
        tasks.poll()?.run()
    }

    /** One-shot and level-triggered, as the spi has it. */
    private fun arm(wake: Runnable): Wait {
        armed.set(wake)
        if (left.get() > 0) fire()
        return Wait { armed.compareAndSet(wake, null) }
    }

    private fun fire() {
        armed.getAndSet(null)?.let(tasks::add)
    }

    @Validate
    fun nobodyWaitsForWhatIsThere() {
        while (true) (tasks.poll() ?: break).run()
        val waiting = started.count { !it.isDone }
        val received = started.count { it.isDone && !it.isCancelled }
        check(arrived.get() - left.get() == received) { "a message was received for nobody" }
        check(waiting == 0 || left.get() == 0) { "$waiting wait although a message is there" }
        check((waiting > 0) == (armed.get() != null)) { "$waiting wait, the wake is ${armed.get()}" }
        check(lane.isEmpty() == (waiting == 0)) { "the lane keeps what has ended" }
    }
}

/** A loop whose tasks somebody else runs, on which every caller seems to be. */
private class QueueLoop(private val tasks: ConcurrentLinkedQueue<Runnable>) : EventLoop {
    override fun name() = "queue"

    override fun execute(task: Runnable) {
        tasks += task
    }

    override fun inLoop() = true

    override fun spend() = true
}

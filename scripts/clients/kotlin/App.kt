// What an app says with the models that openapi-generator makes: only what an event, a patch or a scan has.
import org.openapitools.client.models.*
import org.openapitools.client.models.Unit

val withdrawal = NewEvent(type = EventType.withdraw, amount = Quantity(value = "10", unit = Unit.ML))

val noted = ContainerPatch(note = "for the HPLC only", clear = listOf(ContainerPatch.Clear.lot))

fun containerOf(scan: ScanResult): Container? = scan.container.takeIf { scan.type == ScanType.container }

fun isToBeRepeated(problem: Problem): Boolean =
    problem.type == ProblemUri.RATE_LIMITED || problem.type == ProblemUri.UNAVAILABLE

fun isInUse(problem: Problem409ChemicalInUse): Boolean = when (problem.type) {
    Problem409ChemicalInUse.Type.CHEMICAL_IN_USE -> true
}

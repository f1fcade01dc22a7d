import ArgumentParser
import Gateway
import Glibc
import Probe

/// The `fit` command, which shows whether and how a model fits on this machine.
struct Fit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show whether a model fits on this machine, where its layers go, and why.",
    discussion: """
      MODEL is a file (GGUF, safetensors, ONNX), any part of a split one, a folder with one model, or a name that contains the model's size, such as llama-3.1-70b. \
      Exits with status 1 if the model does not fit at all.
      """)

  @Argument(help: "The model's file or name.")
  var model: String

  @Option(name: .shortAndLong, help: "The context length of each conversation, in tokens.")
  var context = 4096

  @Option(name: .shortAndLong, help: "The number of concurrent conversations.")
  var parallel = 1

  @Option(help: "The format of the key-value cache: f16, q8_0, or q4_0.")
  var cache = Cache.f16

  @Option(
    name: .customLong("add-device"),
    help: "Add a device with this much memory, in GiB, to the plan. May be repeated."
  )
  var added: [Int] = []

  @Flag(help: "Do not load vendor drivers; use only what the kernel reports.")
  var noDrivers = false

  @Flag(help: "Print JSON.")
  var json = false

  /// The formats of the key-value cache.
  enum Cache: String, ExpressibleByArgument, CaseIterable {
    case f16
    case q8_0
    case q4_0

    var bits: Double {
      switch self {
      case .f16: 16
      case .q8_0: 8.5
      case .q4_0: 4.5
      }
    }
  }

  func validate() throws {
    guard (1...1 << 24).contains(context) else {
      throw ValidationError("--context must be from 1 to \(1 << 24) tokens.")
    }
    guard (1...1024).contains(parallel) else { throw ValidationError("--parallel must be from 1 to 1024.") }
    guard added.count <= 64, added.allSatisfy({ (1...16_384).contains($0) }) else {
      throw ValidationError("--add-device accepts at most 64 devices, each of 1 to 16384 GiB.")
    }
  }

  func run() throws {
    let shape = try read()
    var usage = RunOptions()
    usage.context = context
    usage.parallel = parallel
    usage.keyBits = cache.bits
    usage.valueBits = cache.bits
    let snapshot = HardwareScan.snapshot(probesDrivers: !noDrivers)
    let machine = added.isEmpty ? snapshot.machine : snapshot.machine.edited(adding: added.map { $0 << 30 })
    let budget = MemoryBudget(machine)
    let plan = Planner.plan(shape, usage, on: budget)
    if json {
      Terminal.write(plan.json(of: shape) + [0x0a])
    } else {
      show(shape, plan, usage)
    }
    if !plan.fits { throw ExitCode.failure }
  }

  private func read() throws -> Model {
    if unsafe access(model, F_OK) == 0 {
      do throws(ModelFileError) { return try ModelFile.read(try ModelFolder.file(model)) } catch {
        Terminal.printError("\(model): \(error)")
        throw ExitCode.input
      }
    }
    if let shape = NamedModel.model(model) { return shape }
    Terminal.printError(
      "hoosh: `\(model)` is not a file, and as a name it contains no model size; try one such as llama-3.1-8b")
    throw ExitCode.input
  }

  private func show(_ shape: Model, _ plan: Plan, _ usage: RunOptions) {
    Terminal.print("\(Terminal.bold(shape.name)): \(shape.summary)")
    for note in shape.notes { Terminal.print("  \(note)") }
    let demand = plan.demand
    Terminal.print(
      "needs         \(Bytes.text(shape.weights)) of weights, \(Bytes.text(demand.cache)) for \(usage.context) tokens"
        + "\(usage.parallel > 1 ? " in each of \(usage.parallel) conversations" : ""), "
        + "\(Bytes.text(demand.compute)) for compute buffers")
    Terminal.print("placement     \(Terminal.bold(plan.mode.rawValue))")
    for share in plan.shares {
      Terminal.print("              \(share.name): \(share.layers) layers, \(Bytes.text(share.bytes))")
    }
    if plan.fits, plan.hostBytes > 0 { Terminal.print("              memory: \(inMemory(plan))") }
    if let speed = plan.tokensPerSecond {
      Terminal.print(
        "speed         about \(rounded(speed.lowerBound)) to \(rounded(speed.upperBound)) tokens a second")
    }
    for (index, reason) in plan.reasons.enumerated() {
      Terminal.print((index == 0 ? "because       " : "              ") + reason)
    }
    for (index, advice) in plan.advice.enumerated() {
      Terminal.print((index == 0 ? "try           " : "              ") + advice)
    }
  }

  private func inMemory(_ plan: Plan) -> String {
    var parts: [String] = []
    if plan.layersInMemory > 0 { parts.append("\(plan.layersInMemory) layers") }
    if plan.expertLayersInMemory > 0 { parts.append("the experts of \(plan.expertLayersInMemory) layers") }
    if parts.isEmpty { parts.append("the input embeddings") }
    return "\(parts.joined(separator: " and ")), \(Bytes.text(plan.hostBytes))"
  }

  private func rounded(_ number: Double) -> String {
    number >= 10 ? "\(Int(min(number, 1e6)))" : "\(Double(Int(number * 10)) / 10)"
  }
}

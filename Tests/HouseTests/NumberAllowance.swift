/// The bare arithmetic that one file may have. The counts may only fall.
struct NumberAllowance {
  /// Why arithmetic on a number from outside cannot trap.
  enum Reason {
    /// The bits of a type are moved, and all of them fit.
    case bits
    /// The numbers are the code's own.
    case constant
    /// A digit, or a number with few digits, whose count or sum has a limit.
    case digits
    /// The numbers are floats, which become infinite.
    case floats
    /// Texts or lists are joined, and nothing is computed.
    case lists
    /// The number counts or locates bytes that are in memory.
    case memory
    /// A text is converted, and the result is `nil` if it does not fit.
    case optional
    /// The number was compared with a limit before, or brought into its range.
    case ranged
    /// The type is at least as wide as that of the number.
    case wider
  }

  /// The path below `Sources`.
  let path: String
  let reasons: KeyValuePairs<Reason, Int>

  var count: Int { reasons.reduce(0) { $0 + $1.value } }

  private init(_ path: String, _ reasons: KeyValuePairs<Reason, Int>) {
    (self.path, self.reasons) = (path, reasons)
  }

  static let all: [NumberAllowance] = [
    NumberAllowance("Gateway/Calls/ChatRequest+Completion.swift", [.ranged: 2]),
    NumberAllowance("Gateway/Calls/ChatRequest+Dialects.swift", [.memory: 2]),
    NumberAllowance("Gateway/Calls/ChatRequest.swift", [.ranged: 1, .wider: 1]),
    NumberAllowance("Gateway/Calls/DemoEmbeddings.swift", [.bits: 1, .floats: 3, .memory: 1, .wider: 2]),
    NumberAllowance("Gateway/Configuration/Address.swift", [.bits: 1, .lists: 1]),
    NumberAllowance("Gateway/Configuration/Configuration+Read.swift", [.lists: 1]),
    NumberAllowance("Gateway/Configuration/ConfigurationKeys+Markdown.swift", [.lists: 1]),
    NumberAllowance(
      "Gateway/Configuration/ConfigurationValues.swift", [.floats: 2, .lists: 1, .ranged: 1, .wider: 2]),
    NumberAllowance("Gateway/Configuration/LocalServer.swift", [.optional: 1]),
    NumberAllowance("Gateway/Configuration/ProxyEnvironment.swift", [.lists: 1, .memory: 2, .optional: 1]),
    NumberAllowance("Gateway/Configuration/TOMLFile.swift", [.wider: 3]),
    NumberAllowance("Gateway/Dialects/AnswerSequencer.swift", [.memory: 3]),
    NumberAllowance("Gateway/Dialects/Completions/ChatStream+End.swift", [.bits: 4]),
    NumberAllowance(
      "Gateway/Dialects/Completions/ChatStream.swift", [.bits: 2, .memory: 2, .ranged: 1, .wider: 1]),
    NumberAllowance("Gateway/Dialects/Completions/CompletionsAnswerReader.swift", [.wider: 1]),
    NumberAllowance("Gateway/Dialects/Completions/CompletionsEmbeddings.swift", [.wider: 1]),
    NumberAllowance("Gateway/Dialects/Completions/CompletionsImage.swift", [.lists: 1]),
    NumberAllowance("Gateway/Dialects/Completions/CompletionsParts.swift", [.lists: 2]),
    NumberAllowance("Gateway/Dialects/Completions/CompletionsTurns.swift", [.lists: 1]),
    NumberAllowance("Gateway/Dialects/Completions/ToolCallMender.swift", [.memory: 3]),
    NumberAllowance("Gateway/Dialects/Embeddings/EmbeddingsAnswer.swift", [.memory: 1]),
    NumberAllowance("Gateway/Dialects/Embeddings/EmbeddingsRequest.swift", [.wider: 1]),
    NumberAllowance(
      "Gateway/Dialects/Embeddings/FloatVector.swift", [.bits: 11, .digits: 5, .floats: 2, .memory: 2, .ranged: 1]),
    NumberAllowance("Gateway/Dialects/Gemini/GeminiAnswerReader.swift", [.wider: 1]),
    NumberAllowance("Gateway/Dialects/Gemini/GeminiContentsReader.swift", [.lists: 1]),
    NumberAllowance("Gateway/Dialects/Gemini/GeminiEmbeddings.swift", [.wider: 1]),
    NumberAllowance("Gateway/Dialects/Gemini/GeminiModel.swift", [.optional: 1, .wider: 1]),
    NumberAllowance("Gateway/Dialects/Gemini/GeminiPath.swift", [.lists: 1]),
    NumberAllowance("Gateway/Dialects/Messages/MessagesModel.swift", [.digits: 1, .optional: 1, .wider: 2]),
    NumberAllowance("Gateway/Dialects/Messages/MessagesModels.swift", [.ranged: 1]),
    NumberAllowance("Gateway/Dialects/Messages/MessagesTurnsReader.swift", [.lists: 1]),
    NumberAllowance("Gateway/Dialects/Ollama/OllamaAnswerReader.swift", [.wider: 1]),
    NumberAllowance("Gateway/Dialects/Ollama/OllamaModels.swift", [.ranged: 2]),
    NumberAllowance("Gateway/Dialects/Ollama/OllamaRequestReader+Messages.swift", [.lists: 3]),
    NumberAllowance("Gateway/Dialects/Ollama/OllamaRequestReader.swift", [.lists: 1]),
    NumberAllowance("Gateway/Dialects/Responses/ResponsesItem.swift", [.lists: 3]),
    NumberAllowance("Gateway/Dialects/Responses/ResponsesOutput.swift", [.memory: 1]),
    NumberAllowance("Gateway/Dialects/Responses/ResponsesTools.swift", [.lists: 2]),
    NumberAllowance("Gateway/Dialects/TokenLimit.swift", [.memory: 1]),
    NumberAllowance("Gateway/Dialects/UpstreamErrorReader.swift", [.constant: 2, .wider: 2]),
    NumberAllowance("Gateway/Dispatch/Health/RetryAfter+Dates.swift", [.digits: 10]),
    NumberAllowance("Gateway/Dispatch/Health/RetryAfter.swift", [.constant: 2, .digits: 6]),
    NumberAllowance("Gateway/Dispatch/Health/RetryBudget.swift", [.floats: 1, .ranged: 6]),
    NumberAllowance("Gateway/Dispatch/Health/RetryHint.swift", [.wider: 1]),
    NumberAllowance("Gateway/Dispatch/Models/ModelCatalog+Read.swift", [.constant: 2, .ranged: 2]),
    NumberAllowance("Gateway/Endpoints/HardwareRequest.swift", [.floats: 2, .ranged: 1, .wider: 2]),
    NumberAllowance("Gateway/Types/UpstreamHead.swift", [.optional: 1]),
    NumberAllowance("Gateway/Front/Authority.swift", [.digits: 2]),
    NumberAllowance("Gateway/Front/BodyReader.swift", [.memory: 2, .ranged: 2]),
    NumberAllowance("Gateway/Front/EventQuery.swift", [.optional: 1]),
    NumberAllowance("Gateway/Front/HTTPDate.swift", [.ranged: 3]),
    NumberAllowance("Gateway/Front/Hops.swift", [.digits: 2]),
    NumberAllowance("Gateway/Front/PercentEncoding.swift", [.bits: 1]),
    NumberAllowance("Gateway/Front/RequestID.swift", [.bits: 9]),
    NumberAllowance("Gateway/Front/SeenFields.swift", [.digits: 1]),
    NumberAllowance("Gateway/Front/TargetValidator.swift", [.bits: 1]),
    NumberAllowance("Gateway/Types/Demo.swift", [.optional: 1]),
    NumberAllowance("Gateway/Types/TimeZoneRules.swift", [.memory: 10, .ranged: 1, .wider: 3]),
    NumberAllowance("Gateway/Types/TokenPrices.swift", [.floats: 2]),
    NumberAllowance("Gateway/Types/YearlyRule.swift", [.constant: 2, .digits: 5, .ranged: 1, .wider: 6]),
    NumberAllowance("Gateway/Wire/Array+Reserve.swift", [.memory: 2]),
    NumberAllowance("Gateway/Wire/JSONBytes.swift", [.bits: 5, .digits: 3]),
    NumberAllowance("Gateway/Wire/JSONText.swift", [.digits: 1]),
    NumberAllowance("Gateway/Wire/Scanner+Scalars.swift", [.bits: 2, .memory: 1]),
    NumberAllowance("Gateway/Wire/Scanner.swift", [.bits: 3, .constant: 1]),
    NumberAllowance("Gateway/Wire/Search.swift", [.bits: 4, .wider: 1]),
    NumberAllowance("Gateway/Wire/SeenKeys.swift", [.bits: 6]),
    NumberAllowance("Gateway/Wire/UTF8Text.swift", [.memory: 1]),
    NumberAllowance("Gateway/Wire/Writer.swift", [.memory: 2]),
    NumberAllowance("HTTPText/ByteClasses.swift", [.bits: 1]),
    NumberAllowance("HTTPText/ChunkLine.swift", [.digits: 2]),
    NumberAllowance("Probe/Drivers/ChildProcess.swift", [.lists: 1]),
    NumberAllowance("Probe/Drivers/DriverDevice.swift", [.floats: 1]),
    NumberAllowance("Probe/Drivers/DriverProber.swift", [.ranged: 2, .wider: 1]),
    NumberAllowance("Probe/Drivers/DriverProcess.swift", [.optional: 1]),
    NumberAllowance("Probe/Drivers/DriverQuarantine.swift", [.optional: 1, .ranged: 1]),
    NumberAllowance("Probe/Drivers/DriverReport.swift", [.optional: 1, .wider: 1]),
    NumberAllowance("Probe/Drivers/QuarantineFile.swift", [.lists: 1]),
    NumberAllowance("Probe/JSONReader.swift", [.bits: 1, .lists: 1, .memory: 1, .optional: 1]),
    NumberAllowance("Probe/Models/GGUFModel.swift", [.digits: 2, .ranged: 1]),
    NumberAllowance("Probe/Models/GGUFReader.swift", [.constant: 2, .ranged: 3, .wider: 12]),
    NumberAllowance("Probe/Models/Model.swift", [.floats: 2]),
    NumberAllowance("Probe/Models/ModelFile.swift", [.bits: 2, .optional: 1, .wider: 6]),
    NumberAllowance("Probe/Models/NamedModel.swift", [.constant: 1, .floats: 8]),
    NumberAllowance("Probe/Models/ONNXReader.swift", [.bits: 2, .ranged: 4]),
    NumberAllowance("Probe/Models/SafetensorsReader.swift", [.ranged: 1, .wider: 1]),
    NumberAllowance("Probe/Sysfs/AMDReader.swift", [.ranged: 3]),
    NumberAllowance("Probe/Sysfs/AcceleratorReader.swift", [.constant: 1]),
    NumberAllowance("Probe/Sysfs/DeviceTable.swift", [.bits: 1, .floats: 1, .ranged: 2]),
    NumberAllowance("Probe/Sysfs/GraphicsReader.swift", [.constant: 1, .ranged: 1]),
    NumberAllowance("Probe/Sysfs/MemoryModules.swift", [.bits: 1, .floats: 1, .memory: 2, .wider: 4]),
    NumberAllowance("Probe/Sysfs/MemoryReader.swift", [.wider: 1]),
    NumberAllowance("Probe/Sysfs/PCIWalk.swift", [.floats: 2]),
    NumberAllowance("Probe/Sysfs/ProcessorReader.swift", [.bits: 1, .memory: 1, .optional: 1, .wider: 1]),
    NumberAllowance("Probe/Sysfs/SystemFiles.swift", [.memory: 1]),
    NumberAllowance("Probe/Text.swift", [.optional: 2]),
    NumberAllowance("Reactor/Upstreams/Curl/CurlHandle.swift", [.constant: 3, .digits: 2, .memory: 1]),
    NumberAllowance("Reactor/Upstreams/Plain/PlainConnection.swift", [.memory: 1, .wider: 1]),
    NumberAllowance("Reactor/Upstreams/Plain/PlainTransport+Pools.swift", [.wider: 2]),
    NumberAllowance(
      "Reactor/Upstreams/Plain/PlainTransport.swift", [.constant: 2, .lists: 1, .memory: 2, .wider: 1]),
    NumberAllowance("Reactor/Upstreams/Plain/ResponseReader.swift", [.digits: 6, .memory: 2]),
    NumberAllowance("Reactor/Upstreams/UpstreamHost.swift", [.optional: 1]),
  ]
}

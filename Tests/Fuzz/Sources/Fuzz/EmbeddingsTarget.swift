@testable import Gateway

/// Requests for embeddings in all dialects, and the answers to them. One byte selects the caller's endpoint (its low three
/// bits), the provider's dialect (the next two), and base64 (the top bit).
enum EmbeddingsTarget {
  private static let endpoints = [
    CallEndpoint(.openAI, .embeddings), CallEndpoint(.ollama, .embeddings),
    CallEndpoint(.ollama, .embeddings, form: .legacy), CallEndpoint(.gemini, .embeddings, model: .empty),
    CallEndpoint(.gemini, .embeddings, form: .batch, model: .empty),
  ]
  private static let dialects: [Dialect] = [.openAI, .ollama, .gemini, .openAI]

  private static func choice(_ control: UInt8) -> (CallEndpoint, Dialect) {
    (endpoints[Int(control & 7) % endpoints.count], dialects[Int(control >> 3 & 3)])
  }

  /// A request that is accepted can be written for a provider of each dialect, and read in that dialect.
  static func request(_ input: Span<UInt8>) {
    guard input.count >= 1 else { return }
    let (endpoint, dialect) = choice(input[0])
    let json = input.behind(1)
    do throws(APIError) {
      let call = try Call.read(json, for: endpoint, model: "m")
      guard case .embeddings(let request) = call.request else { fail("the call is for embeddings") }
      expect((1...ModelEntry.idBytesMax).contains(call.model.utf8.count), "a model's name has a limit")
      expect(json.holds(call.modelToken ?? .empty) && json.holds(call.prompt), "slices lie inside the body")
      expect(request.inputs.count <= EmbeddingsRequest.inputsMax, "the inputs have a limit")
      switch try call.body(json, in: dialect, for: WriteTarget(model: "served", streams: false)) {
      case .edited(let edits):
        let written = edits.text(of: json)
        expect(PlainJSON.read(written)?.entries != nil, "edited JSON is an object: \(written.shown)")
      case .translated(let written): check(written, of: request, json, in: dialect)
      }
    } catch {
      expect(error.status == 400 && error.message.utf8.count < 1024, "an error message is short")
    }
  }

  private static func check(
    _ written: WrittenRequest, of request: EmbeddingsRequest, _ json: Span<UInt8>, in dialect: Dialect
  ) {
    expect(written.body.count <= 128 * json.count + 4096, "the written body has a limit")
    let form: CallEndpoint.Form = dialect == .gemini ? .batch : .standard
    let endpoint = CallEndpoint(dialect, .embeddings, form: form, model: dialect == .gemini ? .empty : nil)
    let body = written.body.span
    do throws(APIError) {
      let again = try EmbeddingsRequest.read(body, for: endpoint, model: "served")
      expect(again.inputs.count == request.inputs.count, "no input is lost: \(written.body.shown)")
      expect(again.dimensions == request.dimensions, "the dimensions are the caller's: \(written.body.shown)")
      for (one, other) in zip(again.inputs, request.inputs) {
        guard case .text(let text) = one, case .text(let original) = other else {
          fail("only texts are translated")
        }
        expect(text.unescaped(in: body) == original.unescaped(in: json), "a text is the caller's")
      }
    } catch {
      // Ollama loads a model for an empty text alone, which other dialects embed.
      fail("a written body can be read: \(error.message) \(written.body.shown)")
    }
  }

  /// An answer that is accepted is an object in the caller's dialect, with as many vectors as inputs.
  static func response(_ input: Span<UInt8>) {
    guard input.count >= 1 else { return }
    let (endpoint, dialect) = choice(input[0])
    let json = input.behind(1)
    let format = endpoint.dialect.row.embeddings
    let isSingle = format?.isSingle(endpoint.form) ?? false
    let form = EmbeddingsForm(
      dialect: endpoint.dialect, isSingle: isSingle, count: isSingle ? 1 : 2,
      encoding: input[0] & 0x80 == 0 ? format?.encoding : format?.encoding.map { _ in .base64 })
    let metadata = AnswerMetadata(requestID: "r1", created: 7, modelToken: Array(#""m""#.utf8))
    var answer = AnswerStream(
      for: endpoint, from: dialect, isSame: endpoint.dialect == dialect, promptBytes: 9,
      AnswerStream.Wanted(embeddings: form), metadata)
    do throws(AttemptFailure) {
      switch try answer.whole(json).answer {
      case .owned(let out): check(out, form, json)
      case .edited(let edits): check(edits.text(of: json), form, json)
      }
    } catch {
      // Rejected answers are fine.
    }
  }

  private static func check(_ out: [UInt8], _ form: EmbeddingsForm, _ json: Span<UInt8>) {
    expect(PlainJSON.read(out)?.entries != nil, "an answer is an object: \(out.shown)")
    expect(out.count <= 32 * json.count + 4096, "an answer has a limit")
    let bytes = out.span
    do throws(AttemptFailure) {
      let again = try EmbeddingsAnswer.read(bytes, in: form.dialect, count: form.count)
      expect(again.vectors?.count == form.count, "no vector is lost: \(out.shown)")
    } catch {
      fail("an answer can be read: \(error) \(out.shown)")
    }
  }
}

@testable import Reactor

/// The head and the framing of an upstream's response. Four bytes cut it.
enum ResponseTarget {
  private struct Outcome: Equatable {
    var status = 0
    var body: [UInt8] = []
    var consumed = 0
    var isComplete = false
    var keepsAlive = false
    var error: TransferError?
  }

  static func run(_ input: Span<UInt8>) {
    guard input.count >= Cuts.byteCount else { return }
    let bytes = input.behind(Cuts.byteCount)
    let whole = outcome(bytes, [bytes.count])
    let cut = outcome(bytes, Cuts(input, count: bytes.count).ends)
    expect(cut == whole, "cutting a response changes \(whole) to \(cut)")
    expect(whole.body.count <= bytes.count, "a body has no bytes that did not arrive")
    guard whole.isComplete else { return }
    expect(outcome(bytes, [whole.consumed]) == whole, "bytes behind a response do not change it")
    let short = outcome(bytes, [whole.consumed - 1])
    expect(!short.isComplete && short.error == nil, "a response ends with its last byte")
    if whole.status == 204 || whole.status == 304 { expect(whole.body.isEmpty, "this status has no body") }
  }

  private static func outcome(_ bytes: Span<UInt8>, _ ends: [Int]) -> Outcome {
    var reader = ResponseReader()
    let response = Response()
    var outcome = Outcome()
    var start = 0
    for end in ends where outcome.error == nil {
      lending(bytes, start..<end) { piece in
        do throws(TransferError) {
          let consumed = try reader.read(piece, into: response)
          expect(consumed == piece.count || reader.isComplete, "all is consumed before the end")
          outcome.consumed += consumed
        } catch {
          expect(error == .malformed || error == .tooLarge, "a reader has two errors")
          outcome = Outcome(error: error)
        }
      }
      start = end
    }
    if outcome.error == nil {
      outcome.status = response.hasHead ? response.status : 0
      outcome.body = response.body.readable.array
      outcome.isComplete = reader.isComplete
      outcome.keepsAlive = reader.isComplete && reader.keepsAlive
    }
    return outcome
  }
}

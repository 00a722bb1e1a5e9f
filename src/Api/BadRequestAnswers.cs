using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Fleet.Api.Access;
using Fleet.Core.Rules;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace Fleet.Api;

/// <summary>Answers requests that Kestrel refuses before any middleware sees them (<c>%00</c> in a path, bytes in a header that are no
/// text) with a problem document. Kestrel itself answers them without a body, so that nobody learns what was wrong.</summary>
/// <remarks>Kestrel has no hook for its answer, only an event before it. So the event writes ours, and what Kestrel writes afterwards is
/// dropped. On HTTPS the bytes are encrypted outside of this, and Kestrel's own answer stays.</remarks>
public static class BadRequestAnswers
{
    private static readonly string HeaderLines = string.Concat(SecurityHeaders.All.Select(h => $"{h.Key}: {h.Value}\r\n"));

    private const string EventName = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Prepares the connections of a listener.</summary>
    public static void Prepare(ListenOptions listener) => listener.Use(next => connection =>
    {
        connection.Transport = new Transport(connection.Transport);
        return next(connection);
    });

    /// <summary>Listens for refusals, for as long as the process lives.</summary>
    internal static void Subscribe(DiagnosticListener kestrel) => kestrel.Subscribe(new Refusals(), static name => name == EventName);

    private static byte[] Answer(BadHttpRequestException e)
    {
        var message = RunRules.Show(e.Message, 300);
        var (field, allowed) = e switch
        {
            { StatusCode: StatusCodes.Status431RequestHeaderFieldsTooLarge } => ("headers", "fewer or shorter headers"),
            _ when message.Contains("request target", StringComparison.Ordinal) => ("path", "a path of printable characters"),
            _ when message.Contains("header", StringComparison.OrdinalIgnoreCase) => ("headers", "headers in ASCII or UTF-8"),
            _ => ("request", "HTTP/1.1"),
        };
        var problem = Problems.Details(e.StatusCode, "bad_request", $"{field}: {message}");
        (problem.Extensions["field"], problem.Extensions["value"], problem.Extensions["allowed"]) = (field, null, allowed);
        var body = JsonSerializer.SerializeToUtf8Bytes(problem, FleetJson.Payload);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {e.StatusCode} Refused\r\nConnection: close\r\nContent-Type: application/problem+json\r\nContent-Length: "
                + $"{body.Length}\r\n{HeaderLines}\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    private sealed class Refusals : IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Value is IFeatureCollection features
                && features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException e
                && features.Get<IHttpResponseFeature>() is { HasStarted: false }
                && features.Get<IHttpRequestFeature>()?.Protocol is not ("HTTP/2" or "HTTP/3")
                && features.Get<IConnectionTransportFeature>()?.Transport is Transport transport)
            {
                transport.AnswerLast(Answer(e));
            }
        }

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }

    private sealed class Transport(IDuplexPipe inner) : IDuplexPipe
    {
        private readonly LastWords _output = new(inner.Output);

        public PipeReader Input => inner.Input;

        public PipeWriter Output => _output;

        public void AnswerLast(byte[] answer)
        {
            inner.Output.Write(answer);
            _output.IsDropping = true;
        }
    }

    /// <summary>Hands on what is written, until the last answer is.</summary>
    private sealed class LastWords(PipeWriter inner) : PipeWriter
    {
        private byte[]? _dropped;

        public bool IsDropping { get; set; }

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            if (!IsDropping)
                inner.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => IsDropping ? Dropped(sizeHint) : inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => IsDropping ? Dropped(sizeHint) : inner.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
            IsDropping ? inner.FlushAsync(cancellationToken) : inner.WriteAsync(source, cancellationToken);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        private byte[] Dropped(int sizeHint) =>
            _dropped is { } known && known.Length >= sizeHint ? known : _dropped = new byte[Math.Max(sizeHint, 4096)];
    }
}

using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Core.Text;
using RabbitMQ.Client;

namespace Fleet.Transport.RabbitMq;

/// <summary>The content of a lane's message: either a nudge or a run.</summary>
internal readonly record struct LaneContent(NudgeMessage? Nudge, SubmittedRun? Run);

/// <summary>Reads and writes the messages of a lane. There are two, as raw JSON or inside a MassTransit envelope: a nudge
/// (<see cref="NudgeMessage"/>) and a run <c>{"job":…,"args":…}</c>.</summary>
internal static class LaneMessage
{
    /// <summary>The largest body that is looked at, in bytes.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>Args may nest as deep as anywhere; the envelope stands around them.</summary>
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = FleetJson.MaxDepth + 4 };

    /// <summary>The body of a nudge.</summary>
    public static byte[] Write(NudgeMessage nudge) => JsonSerializer.SerializeToUtf8Bytes(nudge, FleetJson.Payload);

    /// <summary>The properties of a message of ours.</summary>
    /// <param name="persistent">Whether the broker is to keep it on disk.</param>
    public static BasicProperties Properties(bool persistent = true) => new() { ContentType = "application/json", Persistent = persistent };

    /// <summary>Reads a message.</summary>
    /// <param name="lane">The lane it came in on.</param>
    /// <param name="body">The bytes.</param>
    /// <param name="properties">Its AMQP properties; content type and unknown headers are not looked at.</param>
    /// <exception cref="MessageRefusedException">It is neither of the two; says what is wrong.</exception>
    public static LaneContent Read(string lane, ReadOnlyMemory<byte> body, IReadOnlyBasicProperties properties)
    {
        if (body.Length == 0)
            throw new MessageRefusedException("The body is empty; expected a JSON object with 'ids' or 'job'.");
        if (body.Length > MaxBytes)
            throw new MessageRefusedException($"The body has {body.Length} bytes; allowed are up to {MaxBytes}.");
        try
        {
            using var document = JsonDocument.Parse(WithoutMark(body), Reading);
            var messageId = properties.MessageId;
            return Read(lane, Open(document.RootElement, ref messageId), messageId, TraceOf(properties));
        }
        catch (InvalidRunException e)
        {
            throw new MessageRefusedException(e.Message, e);
        }
        catch (JsonException e)
        {
            throw new MessageRefusedException(
                $"The body is not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.", e);
        }
        catch (InvalidOperationException e)
        {
            // Such as half a surrogate pair in a string.
            throw new MessageRefusedException($"The body is not JSON text: {e.Message}", e);
        }
    }

    /// <summary>Takes a message out of its MassTransit envelope, if it is in one.</summary>
    private static JsonElement Open(JsonElement root, ref string? messageId)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new MessageRefusedException($"The body is {Name(root.ValueKind)}; expected a JSON object with 'ids' or 'job'.");
        if (Find(root, "messageType") is null || Find(root, "message") is not { } message)
            return root;
        if (message.ValueKind != JsonValueKind.Object)
            throw new MessageRefusedException($"message: it is {Name(message.ValueKind)}; expected a JSON object with 'ids' or 'job'.");
        if (Find(root, "messageId") is { ValueKind: JsonValueKind.String } id)
            messageId = id.GetString();
        return message;
    }

    private static LaneContent Read(string lane, JsonElement message, string? messageId, string? trace)
    {
        if (Find(message, "ids") is { } ids)
            return new LaneContent(ReadNudge(message, ids), null);
        if (Find(message, "job") is null)
            throw new MessageRefusedException("The message has neither 'ids' (runs that are ready) nor 'job' (a run to submit).");
        var body = Deserialize(message);
        if (body.Job is not { Length: > 0 } job)
            throw new MessageRefusedException("job: it is missing; it names the job to run.");
        var options = new EnqueueOptions
        {
            Lane = body.Lane,
            Delay = RunRules.ReadDelay(body.Delay, "delay"),
            RunAt = RunRules.ReadInstant(body.RunAt, "runAt"),
            Tags = body.Tags,
            MaxAttempts = body.MaxAttempts,
            IdempotencyKey = body.IdempotencyKey ?? (Guid.TryParse(messageId, out var id) ? $"msg:{id}" : null),
        };
        return new LaneContent(null, new SubmittedRun(lane, job, ArgsText.From(body.Args), options, trace));
    }

    private static NudgeMessage ReadNudge(JsonElement message, JsonElement ids) => new()
    {
        Fleet = Find(message, "fleet") switch
        {
            null or { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.String } fleet => fleet.GetString(),
            { } other => throw new MessageRefusedException($"fleet: it is {Name(other.ValueKind)}; expected the id of a fleet."),
        },
        Ids = ReadIds(ids),
        Early = Find(message, "early") is { ValueKind: JsonValueKind.True },
    };

    private static RunId[] ReadIds(JsonElement ids)
    {
        if (ids.ValueKind != JsonValueKind.Array)
            throw new MessageRefusedException($"ids: it is {Name(ids.ValueKind)}; expected an array of run ids.");
        var read = new RunId[ids.GetArrayLength()];
        for (var i = 0; i < read.Length; i++)
        {
            if (ids[i].ValueKind != JsonValueKind.String || !RunId.TryParse(ids[i].GetString(), out read[i]))
                throw new MessageRefusedException($"ids[{i}]: '{RunRules.Show(ids[i].GetRawText())}' is not the id of a run.");
        }

        return read;
    }

    private static SubmitBody Deserialize(JsonElement message)
    {
        try
        {
            return message.Deserialize<SubmitBody>(FleetJson.Payload)!;
        }
        catch (JsonException e)
        {
            var field = (e.Path ?? "$").TrimStart('$').TrimStart('.');
            var expected = field switch
            {
                "maxAttempts" => "a whole number",
                "tags" => "an array of strings",
                _ => "a string",
            };
            throw new MessageRefusedException($"{(field.Length == 0 ? "message" : field)}: expected {expected}.", e);
        }
    }

    /// <summary>Names are equal whatever their case.</summary>
    private static JsonElement? Find(JsonElement parent, string name)
    {
        foreach (var member in parent.EnumerateObject())
        {
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return member.Value;
        }

        return null;
    }

    /// <summary>The W3C trace context of the sender: plain, or as MassTransit writes it.</summary>
    private static string? TraceOf(IReadOnlyBasicProperties properties)
    {
        foreach (var name in (string[])["traceparent", "MT-Activity-Id"])
        {
            var value = properties.Headers?.TryGetValue(name, out var header) is true ? header : null;
            var text = value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : value as string;
            if (ActivityContext.TryParse(text, null, isRemote: true, out _))
                return text;
        }

        return null;
    }

    /// <summary>Some editors put a byte order mark before the text.</summary>
    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body) => body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    /// <summary>A run as somebody submits it. What else the message carries is not looked at.</summary>
    private sealed record SubmitBody(
        string? Job = null,
        JsonElement? Args = null,
        string? Lane = null,
        string? Delay = null,
        string? RunAt = null,
        IReadOnlyList<string>? Tags = null,
        int? MaxAttempts = null,
        string? IdempotencyKey = null);
}

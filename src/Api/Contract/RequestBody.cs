using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Fleet.Core.Rules;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Fleet.Api.Contract;

/// <summary>The body of requests that say nothing: nothing at all, or <c>{}</c>, which some clients send then.</summary>
internal sealed record EmptyBody;

/// <summary>Reads JSON bodies strictly: an unknown, doubled or mistyped member is refused by name.</summary>
internal static class RequestBody
{
    /// <summary>The largest body of a single request, in bytes.</summary>
    public const int MaxSingle = 1024 * 1024;

    /// <summary>The largest body of a batch, in bytes.</summary>
    public const int MaxBatch = 16 * 1024 * 1024;

    private const string Json = "application/json";

    /// <summary>Reads the body of a request, as the endpoint's contract declares it. One that may be left out and is gives a new
    /// <typeparamref name="T"/>.</summary>
    /// <exception cref="InvalidRunException">The body is not the JSON that <typeparamref name="T"/> stands for.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext http, CancellationToken ct) where T : class => EndpointContract.Of(http) switch
    {
        { Body: { } declared } when declared.Type == typeof(T) => (T)await ReadAsync(http, declared, ct),
        var contract => throw new InvalidOperationException($"{contract.Name} does not declare the body {typeof(T).Name}."),
    };

    /// <summary>Finds what is wrong with the body of a request that is refused for something else.</summary>
    public static async Task CheckAsync(HttpContext http, BodyContract declared, InputErrors errors)
    {
        try
        {
            var body = await ReadAsync(http, declared, http.RequestAborted);
            if (declared.Check is { } check)
                await check(http, body, errors);
        }
        catch (InvalidRunException e)
        {
            errors.Add(e);
        }
    }

    /// <summary>Refuses a body where none is taken.</summary>
    public static async Task<InputError?> RefuseAnyAsync(HttpContext http) =>
        http.Request.ContentLength is null or 0 && (!MayHaveBody(http) || await IsEmptyAsync(http))
            ? null
            : new InputError("unexpected_body", "body", "body: this request takes none.", null, "no body");

    private static async Task<object> ReadAsync(HttpContext http, BodyContract declared, CancellationToken ct)
    {
        // A chunked body may turn out to be empty.
        var body = await ReadBytesAsync(http, declared.MaxBytes, ct);
        if (body.Length > 0)
            return await ReadAsync(http, body, declared);
        return declared.IsOptional
            ? Activator.CreateInstance(declared.Type)!
            : throw new InvalidRunException(
                new InputError("empty_body", "body", "body: it is empty; expected a JSON object.", null, "a JSON object"));
    }

    /// <summary>In HTTP/2 a body needs neither of the headers that announce one.</summary>
    private static bool MayHaveBody(HttpContext http) =>
        http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? http.Request.Headers.TransferEncoding.Count > 0;

    private static async Task<bool> IsEmptyAsync(HttpContext http)
    {
        var result = await http.Request.BodyReader.ReadAsync(http.RequestAborted);
        var isEmpty = result.Buffer.IsEmpty;
        http.Request.BodyReader.AdvanceTo(result.Buffer.Start);
        return isEmpty;
    }

    private static async Task<object> ReadAsync(HttpContext http, byte[] body, BodyContract declared)
    {
        var type = declared.Type;
        if (!Utf8.IsValid(body))
            throw new InvalidRunException(
                new InputError("invalid_utf8", "body", "body: it is not valid UTF-8; allowed is JSON in UTF-8.", null, "JSON in UTF-8"));
        if (declared.MostItems is { } most && HasMoreItems(body, most))
            throw new InvalidRunException(RunRules.Invalid(most.Code, most.Member, $"more than {most.Count}", most.Allowed));
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = FleetJson.MaxDepth });
            return JsonSerializer.Deserialize(ref reader, type, FleetJson.Strict) is { } value && !reader.Read()
                ? value
                : throw new InvalidRunException(
                    new InputError(
                        "invalid_json", "body", "body: 'null' is not allowed; expected a JSON object.", "null", "a JSON object"));
        }
        catch (JsonException e)
        {
            var errors = new InputErrors();
            var rest = BodyErrors.Collect(body, type, Explain(e, type, body), errors);
            if (rest is not null && declared.Check is { } check)
            {
                var more = new InputErrors();
                await check(http, rest, more);
                // A member that could not be read is missing in the rest.
                foreach (var error in more.All.Where(error => !errors.Has(error.Field)))
                    errors.Add(error);
            }

            throw new InvalidRunException(errors.All);
        }
    }

    /// <summary>Counts the items of a list before any is made an object: 16 MiB have room for millions.</summary>
    private static bool HasMoreItems(byte[] body, ItemLimit most)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = FleetJson.MaxDepth });
        try
        {
            for (var count = 0; reader.Read();)
            {
                var isItem = reader is { CurrentDepth: 2, TokenType: not (JsonTokenType.EndObject or JsonTokenType.EndArray) };
                if (isItem && ++count > most.Count)
                    return true;
                if (reader is { CurrentDepth: 1, TokenType: JsonTokenType.PropertyName })
                    count = most.Member.Equals(reader.GetString(), StringComparison.OrdinalIgnoreCase) ? 0 : int.MinValue;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What is wrong with it, the serializer says.
        }

        return false;
    }

    private static async Task<byte[]> ReadBytesAsync(HttpContext http, int maxBytes, CancellationToken ct)
    {
        var tooLarge = new InvalidRunException(new InputError(
            "body_too_large", "body", $"body: more than {maxBytes} bytes are not allowed here.", null, $"up to {maxBytes} bytes"));
        if (http.Request.ContentLength > 0)
            RequireJson(http.Request);
        if (http.Request.ContentLength > maxBytes)
            throw tooLarge;
        while (true)
        {
            var result = await http.Request.BodyReader.ReadAsync(ct);
            var isTooLarge = result.Buffer.Length > maxBytes;
            var bytes = result.IsCompleted && !isTooLarge ? result.Buffer.ToArray() : null;
            http.Request.BodyReader.AdvanceTo(bytes is null && !isTooLarge ? result.Buffer.Start : result.Buffer.End, result.Buffer.End);
            if (isTooLarge)
                throw tooLarge;
            if (bytes is null)
                continue;
            if (bytes.Length > 0)
                RequireJson(http.Request);
            return bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        }
    }

    /// <summary>A page of another site can send a form or plain text without asking; JSON it cannot.</summary>
    private static void RequireJson(HttpRequest request)
    {
        if (request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding
            && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            request.HttpContext.Response.Headers.AcceptEncoding = "identity";
            throw new InvalidRunException(
                RunRules.Invalid("unsupported_encoding", "Content-Encoding", encoding, "a body that is not compressed"));
        }

        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)
            // A parameter without a value is none.
            || (request.ContentType!.Contains(';', StringComparison.Ordinal) && type.Parameters.Any(p => !p.Value.HasValue)))
            throw new InvalidRunException(RunRules.Invalid("unsupported_media_type", "Content-Type", request.ContentType, Json));
        if (type.Charset is { HasValue: true, Length: > 0 }
            && !type.Charset.Value!.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            throw new InvalidRunException(RunRules.Invalid("unsupported_charset", "Content-Type", request.ContentType, Json + " in UTF-8"));
    }

    private static InputError Explain(JsonException e, Type type, byte[] body)
    {
        var path = (e.Path ?? "$").TrimStart('$').TrimStart('.');
        var message = e.Message;
        if (message.Contains("maximum configured depth", StringComparison.Ordinal)
            || message.Contains("depth of", StringComparison.Ordinal))
        {
            return new InputError(
                "too_deep", path.Length == 0 ? "body" : path, $"body: it nests too deeply; allowed are {FleetJson.MaxDepth} levels.", null,
                $"{FleetJson.MaxDepth} levels");
        }

        if (message.Contains("uplicate", StringComparison.Ordinal))
        {
            // The names of a request's own fields are equal whatever their case, those inside args are not.
            var found = FindDuplicate(body, StringComparer.Ordinal) ?? FindDuplicate(body, StringComparer.OrdinalIgnoreCase);
            var field = RunRules.Show(found ?? Quoted(message) ?? path);
            return new InputError("duplicate_field", field, $"{field}: it is given more than once.", null, "once");
        }

        if (message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            // A name with a dot or a space is written as ['a.b'] there.
            path = path.Replace("['", ".", StringComparison.Ordinal).Replace("']", "", StringComparison.Ordinal).TrimStart('.');
            var name = Quoted(message) ?? path[(path.LastIndexOf('.') + 1)..];
            var field = RunRules.Show(path.Length == 0 ? name : path);
            var known = FleetJson.Strict.GetTypeInfo(Leaf(type, path, skipLast: true)).Properties.Select(p => p.Name).ToArray();
            var hint = Nearest.Hint(name.Length == 0 ? field : name, known);
            return new InputError("unknown_field", field, $"{field}: there is no such field; {hint}", null, string.Join(", ", known));
        }

        // The serializer wraps what its reader throws.
        var isSyntax = e.GetType() != typeof(JsonException) || e.InnerException is JsonException;
        if (!isSyntax && path.Length == 0)
            return new InputError("wrong_type", "body", "body: expected a JSON object.", null, "a JSON object");

        if (isSyntax)
        {
            var at = $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}";
            return new InputError(
                "invalid_json", path.Length == 0 ? "body" : path, $"body: it is not valid JSON at {at}.", null, "a JSON object");
        }

        if (e.InnerException is InvalidOperationException text && text.Message.Contains("UTF-16", StringComparison.Ordinal))
            return new InputError(
                "invalid_text", path, $"{path}: it holds half of a surrogate pair; allowed are whole Unicode characters.", null,
                "whole Unicode characters");

        var expected = Expected(Leaf(type, path, skipLast: false));
        var value = JsonPath.Show(JsonElement.Parse(body), path);
        return new InputError("wrong_type", path, $"{path}: '{value}' is not allowed; expected {expected}.", value, expected);
    }

    /// <summary>Where the first doubled member stands, such as <c>args.b.a</c>: the serializer tells its name alone.</summary>
    private static string? FindDuplicate(byte[] body, StringComparer names)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = FleetJson.MaxDepth });
        var levels = new Stack<Level>();
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        if (!levels.Peek().Enter(reader.GetString()!))
                            return levels.Peek().Here;
                        break;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        levels.Push(
                            new Level(
                                levels.TryPeek(out var outer) ? outer.Here : "", reader.TokenType == JsonTokenType.StartArray, names));
                        break;
                    default:
                        if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                            levels.Pop();
                        if (levels.TryPeek(out var around))
                            around.Index++;
                        break;
                }
            }
        }
        catch (JsonException)
        {
            // What follows the JSON is wrong as well; what the serializer said stands.
        }

        return null;
    }

    private static string? Quoted(string message)
    {
        var start = message.IndexOf('\'', StringComparison.Ordinal) + 1;
        var end = message.IndexOf('\'', start);
        return start > 0 && end > start ? message[start..end] : null;
    }

    /// <summary>The type that stands at a path such as <c>runs[3].delay</c>.</summary>
    private static Type Leaf(Type type, string path, bool skipLast)
    {
        var steps = path.Split('.', StringSplitOptions.RemoveEmptyEntries);
        foreach (var step in skipLast ? steps.SkipLast(1) : steps)
        {
            var info = FleetJson.Strict.GetTypeInfo(type);
            var name = step.Split('[')[0];
            if (info.Properties.FirstOrDefault(p => p.Name == name) is not { } property)
                return type;
            type = property.PropertyType;
            if (step.Contains('[', StringComparison.Ordinal)
                && FleetJson.Strict.GetTypeInfo(type) is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } element })
                type = element;
        }

        return Nullable.GetUnderlyingType(type) ?? type;
    }

    /// <summary>What a member of this type takes, for errors.</summary>
    public static string Expected(Type type)
    {
        if (type == typeof(string))
            return "a string";
        if (type == typeof(int) || type == typeof(long))
            return "a whole number";
        if (type == typeof(bool))
            return "true or false";
        if (type == typeof(DateTimeOffset))
            return "an instant in ISO 8601 with offset, such as 2026-01-31T12:00:00Z, up to year 9999";
        if (type.IsEnum)
            return "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName));
        return FleetJson.Strict.GetTypeInfo(type).Kind == JsonTypeInfoKind.Enumerable ? "an array" : "a JSON object";
    }

    /// <summary>An object or array on the way to where the reader is.</summary>
    private sealed class Level(string path, bool isArray, StringComparer names)
    {
        private readonly HashSet<string> _names = new(names);
        private string _name = "";

        public int Index { get; set; }

        public string Here => isArray ? $"{path}[{Index}]" : path.Length == 0 ? _name : $"{path}.{_name}";

        /// <returns>False when the object had this member before.</returns>
        public bool Enter(string name)
        {
            _name = name;
            return _names.Add(name);
        }
    }
}

using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Operations;

/// <summary>What a preview hands to the creation, so that what is executed is what was previewed.</summary>
/// <param name="Id">The id that the operation will have: the same token makes one operation, however often it is sent.</param>
/// <param name="Kind">What is to be done.</param>
/// <param name="AsOf">The instant of the preview.</param>
/// <param name="Newest">The newest run that was found; null for none.</param>
/// <remarks>The text also has a hash of the query with the lanes of the caller, and a check value that is made with the fleet's id, so that
/// a token that is mangled, or of another query, another caller's lanes or another fleet is refused. It grants nothing: the creation asks
/// for the role and the lanes by itself.</remarks>
public sealed record OperationToken(Guid Id, OperationKind Kind, DateTimeOffset AsOf, RunId? Newest)
{
    private const int Version = 1;
    private const int Head = 2 + 16 + 8 + 16;
    private const int Hash = 16;
    private const int Check = 16;

    /// <summary>The text, to be sent back unchanged.</summary>
    /// <param name="query">The query of the preview.</param>
    /// <param name="lanes">The lanes of whoever asked for it; null: all.</param>
    /// <param name="fleet">The id of the fleet.</param>
    public string Write(string query, IReadOnlyList<string>? lanes, string fleet)
    {
        Span<byte> bytes = stackalloc byte[Head + Hash + Check];
        (bytes[0], bytes[1]) = (Version, (byte)Kind);
        Id.TryWriteBytes(bytes[2..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes[18..], AsOf.UtcTicks);
        (Newest?.Value ?? Guid.Empty).TryWriteBytes(bytes[26..], bigEndian: true, out _);
        HashOf(query, lanes).CopyTo(bytes[Head..]);
        CheckOf(bytes[..(Head + Hash)], fleet).CopyTo(bytes[(Head + Hash)..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="kind">What is asked for now.</param>
    /// <param name="query">The query that is asked for now.</param>
    /// <param name="lanes">The lanes of whoever asks now; null: all.</param>
    /// <param name="fleet">The id of the fleet.</param>
    /// <exception cref="InvalidRunException">It is mangled, or belongs to another request.</exception>
    public static OperationToken Read(string? text, OperationKind kind, string query, IReadOnlyList<string>? lanes, string fleet)
    {
        Span<byte> bytes = stackalloc byte[Head + Hash + Check];
        if (text is null || text.Length != Base64Url.GetEncodedLength(bytes.Length) || !Base64Url.IsValid(text, out var length)
            || length != bytes.Length || Base64Url.DecodeFromChars(text, bytes) != bytes.Length || bytes[0] != Version
            || !CheckOf(bytes[..(Head + Hash)], fleet).SequenceEqual(bytes[(Head + Hash)..]))
            throw new InvalidRunException(RunRules.Invalid("invalid_token", "token", text, "the 'token' of a preview, unchanged"));
        if (bytes[1] != (byte)kind || !HashOf(query, lanes).SequenceEqual(bytes.Slice(Head, Hash)))
        {
            throw new InvalidRunException(OfAnother());
        }

        var newest = new Guid(bytes.Slice(26, 16), bigEndian: true);
        return new OperationToken(
            new Guid(bytes.Slice(2, 16), bigEndian: true), kind,
            new DateTimeOffset(BinaryPrimitives.ReadInt64BigEndian(bytes[18..]), TimeSpan.Zero),
            newest == Guid.Empty ? null : new RunId(newest));
    }

    /// <summary>The error of a token that belongs to another request.</summary>
    public static InputError OfAnother() => new(
        "token_of_another_preview", "token",
        "token: it belongs to a preview of another kind, query or caller; send what was previewed, or preview this.", null,
        "the token of a preview of the same kind and query by the same caller");

    private static ReadOnlySpan<byte> HashOf(string query, IReadOnlyList<string>? lanes) => SHA256.HashData(
        Encoding.UTF8.GetBytes($"{(lanes is null ? "*" : string.Join(',', lanes.Order(StringComparer.Ordinal)))}\n{query}"))
        .AsSpan(0, Hash);

    private static ReadOnlySpan<byte> CheckOf(ReadOnlySpan<byte> bytes, string fleet) =>
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(fleet), bytes).AsSpan(0, Check);
}

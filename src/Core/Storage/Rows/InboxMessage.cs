namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>inbox</c>: a message that a consumer has handled.</summary>
public sealed class InboxMessage
{
    public string Consumer { get; set; } = "";

    public Guid MessageId { get; set; }

    public DateTimeOffset ReceivedAt { get; set; }
}

/// <summary>The key of a row in <c>inbox</c>.</summary>
/// <param name="Consumer">The consumer. The same message may go to several consumers.</param>
/// <param name="MessageId">The message.</param>
public readonly record struct InboxKey(string Consumer, Guid MessageId)
{
    /// <summary>The order in which rows are inserted, so that two writers with the same messages wait for each other and do not
    /// deadlock.</summary>
    public static IEnumerable<InboxKey> InOrder(IEnumerable<InboxKey> keys) =>
        keys.Distinct().OrderBy(k => k.Consumer, StringComparer.Ordinal).ThenBy(k => k.MessageId);
}

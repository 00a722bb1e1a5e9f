namespace Fleet.Core.Inbox;

/// <summary>The row in <c>inbox</c>: a message that a consumer has handled.</summary>
public sealed class InboxMessage
{
    public string Consumer { get; set; } = "";

    public Guid MessageId { get; set; }

    public DateTimeOffset ReceivedAt { get; set; }
}

namespace Fleet;

/// <summary>Fleet did not start, for a reason that a person can mend: a setting, a missing package, a handler that cannot be made, the
/// schema, the database. The message says what and where; the inner exception has the cause, if there is one.</summary>
/// <param name="message">Complete sentences. One line per reason.</param>
/// <param name="inner">The cause.</param>
public sealed class FleetStartException(string message, Exception? inner = null) : InvalidOperationException(message, inner)
{
    /// <summary>The message without the stack. A host logs this text, and the runtime prints it when the program ends: the stack would lead
    /// into Fleet, while what is to be mended is in the message. <see cref="Exception.StackTrace"/> and
    /// <see cref="Exception.InnerException"/> are there for a debugger.</summary>
    public override string ToString() => $"Fleet did not start: {Message}";
}

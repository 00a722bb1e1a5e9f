namespace Fleet.Tests.Support;

/// <summary>Exceptions as libraries make them in the field.</summary>
internal static class Trouble
{
    /// <summary>An exception by the name of what is wrong with it.</summary>
    public static Exception Named(string kind) => kind switch
    {
        "message is null" => new NoMessage(),
        "message throws" => new BadMessage(),
        "stack throws" => new BadStack(),
        "text throws" => new BadText(),
        "message is huge" => new InvalidOperationException(new string('x', 2_000_000)),
        "message holds NUL and half a pair" => new InvalidOperationException("a\0b\uD800c"),
        "inner message throws" => new InvalidOperationException("outer", new BadMessage()),
        "aggregate of bad ones" => new AggregateException(new BadMessage(), new NoMessage()),
        "data throws" => new BadData(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private sealed class NoMessage : Exception
    {
        public override string Message => null!;
    }

    private sealed class BadMessage : Exception
    {
        public override string Message => throw new InvalidOperationException("message");
    }

    private sealed class BadStack : Exception
    {
        public override string? StackTrace => throw new InvalidOperationException("stack");
    }

    private sealed class BadText : Exception
    {
        public override string ToString() => throw new InvalidOperationException("text");
    }

    private sealed class BadData : Exception
    {
        public override System.Collections.IDictionary Data => throw new InvalidOperationException("data");

        public override Exception GetBaseException() => throw new InvalidOperationException("base");

        public override int GetHashCode() => throw new InvalidOperationException("hash");

        public override bool Equals(object? obj) => throw new InvalidOperationException("equals");
    }
}

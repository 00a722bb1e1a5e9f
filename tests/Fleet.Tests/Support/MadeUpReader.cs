using System.Collections;
using System.Data.Common;

namespace Fleet.Tests.Support;

/// <summary>Rows with a value in every column, of whatever type it is asked for.</summary>
/// <param name="rows">How many rows each result has.</param>
/// <param name="results">How many results the statements have.</param>
internal sealed class MadeUpReader(int rows, int results = 1) : DbDataReader
{
    /// <summary>A value of every enumeration in the tables: a run that has ended, a schedule that is paused.</summary>
    public const int Ended = 2;

    private int _left = rows;
    private int _results = results;

    public required string Text { get; init; }

    public required bool Truth { get; init; }

    public required int Number { get; init; }

    public override int FieldCount => 64;

    public override bool HasRows => RecordsAffected > 0;

    public override bool IsClosed => false;

    public override int RecordsAffected { get; } = rows;

    public override int Depth => 0;

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => Text;

    public override bool Read() => _left-- > 0;

    public override bool NextResult()
    {
        _left = RecordsAffected;
        return --_results > 0;
    }

    public override bool IsDBNull(int ordinal) => false;

    public override T GetFieldValue<T>(int ordinal) => (T)(object)Guid.CreateVersion7(Verbs.Noon).ToByteArray(bigEndian: true);

    public override string GetString(int ordinal) => Text;

    public override int GetInt32(int ordinal) => Number;

    public override long GetInt64(int ordinal) => Number;

    public override bool GetBoolean(int ordinal) => Truth;

    public override double GetDouble(int ordinal) => Number;

    public override DateTime GetDateTime(int ordinal) => Verbs.Noon.UtcDateTime.AddHours(-1);

    public override object GetValue(int ordinal) => Text;

    public override string GetName(int ordinal) => $"c{ordinal}";

    public override int GetOrdinal(string name) => 0;

    public override string GetDataTypeName(int ordinal) => "nvarchar";

    public override Type GetFieldType(int ordinal) => typeof(string);

    public override int GetValues(object[] values) => throw new NotSupportedException();

    public override byte GetByte(int ordinal) => throw new NotSupportedException();

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        throw new NotSupportedException();

    public override char GetChar(int ordinal) => throw new NotSupportedException();

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        throw new NotSupportedException();

    public override decimal GetDecimal(int ordinal) => throw new NotSupportedException();

    public override float GetFloat(int ordinal) => throw new NotSupportedException();

    public override Guid GetGuid(int ordinal) => throw new NotSupportedException();

    public override short GetInt16(int ordinal) => throw new NotSupportedException();

    public override IEnumerator GetEnumerator() => throw new NotSupportedException();
}

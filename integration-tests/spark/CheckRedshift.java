/* What Redshift's JDBC driver does with the gateway: java -cp redshift-jdbc42.jar CheckRedshift.java URL USER PASSWORD */

import java.math.BigDecimal;
import java.sql.*;
import java.util.Properties;

public class CheckRedshift {
    public static void main(String[] given) throws Exception {
        Properties login = new Properties();
        login.setProperty("user", given[1]);
        login.setProperty("password", given[2]);
        for (int i = 3; i + 1 < given.length; i += 2) login.setProperty(given[i], given[i + 1]);
        try (Connection connection = DriverManager.getConnection(given[0], login)) {
            types(connection);
            batch(connection);
            cursor(connection);
            metadata(connection);
            errors(connection);
        }
    }

    static void types(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE jdbc_types (i INTEGER, l BIGINT, s SMALLINT, n DECIMAL(38,4), d DOUBLE PRECISION,"
                + " r REAL, b BOOLEAN, c CHAR(4), v VARCHAR(100), da DATE, t TIMESTAMP, z TIMESTAMPTZ, j SUPER, x VARBYTE)");
        }
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO jdbc_types VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, JSON_PARSE(?), ?)")) {
            insert.setInt(1, 1);
            insert.setLong(2, Long.MAX_VALUE);
            insert.setShort(3, (short) -7);
            insert.setBigDecimal(4, new BigDecimal("1234567890123456789012345678901234.5678"));
            insert.setDouble(5, 1.25);
            insert.setFloat(6, 0.5f);
            insert.setBoolean(7, true);
            insert.setString(8, "ab");
            insert.setString(9, "it's \\ ж漢");
            insert.setDate(10, Date.valueOf("2026-02-28"));
            insert.setTimestamp(11, Timestamp.valueOf("2026-02-28 12:34:56.789012"));
            insert.setTimestamp(12, Timestamp.valueOf("2026-02-28 12:34:56.789012"));
            insert.setString(13, "{\"a\": [1, 2]}");
            insert.setBytes(14, new byte[] {0, (byte) 255});
            say("inserted", insert.executeUpdate());
        }
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT * FROM jdbc_types")) {
            ResultSetMetaData described = rows.getMetaData();
            while (rows.next())
                for (int i = 1; i <= described.getColumnCount(); i++)
                    say(described.getColumnName(i) + " " + described.getColumnTypeName(i), rows.getString(i));
        }
    }

    static void batch(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE jdbc_batch (n INTEGER PRIMARY KEY, s VARCHAR(20)) DISTKEY(n)");
        }
        connection.setAutoCommit(false);
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc_batch VALUES (?, ?)")) {
            for (int n = 0; n < 1000; n++) {
                insert.setInt(1, n);
                insert.setString(2, "row " + n);
                insert.addBatch();
            }
            say("batch", insert.executeBatch().length);
        }
        connection.commit();
    }

    static void cursor(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(100);
            long sum = 0;
            int count = 0;
            try (ResultSet rows = statement.executeQuery("SELECT n FROM jdbc_batch ORDER BY n")) {
                while (rows.next()) {
                    sum += rows.getInt(1);
                    count++;
                }
            }
            say("fetched", count + " " + sum);
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    static void metadata(Connection connection) throws SQLException {
        DatabaseMetaData told = connection.getMetaData();
        say("product", told.getDatabaseProductName() + " " + told.getDatabaseProductVersion());
        count("catalogs", told.getCatalogs());
        count("schemas", told.getSchemas(null, "public"));
        count("tables", told.getTables(null, "public", "jdbc_batch", new String[] {"TABLE"}));
        count("columns", told.getColumns(null, "public", "jdbc_batch", null));
        count("keys", told.getPrimaryKeys(null, "public", "jdbc_batch"));
    }

    static void errors(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT * FROM jdbc_nowhere");
        } catch (SQLException error) {
            say("error", error.getSQLState());
        }
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT version()")) {
            rows.next();
            say("version", rows.getString(1).contains("Redshift"));
        }
    }

    static void count(String what, ResultSet rows) throws SQLException {
        int found = 0;
        while (rows.next()) found++;
        rows.close();
        say(what, found);
    }

    static void say(String what, Object value) {
        System.out.println(what + ": " + value);
    }
}
